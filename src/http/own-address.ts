import type { Request } from 'express';

/** A host name or an IP address, with or without a port: nothing that would be more than that in a shell or in HTML. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** Where the client reached this service, without a trailing slash, for examples that it is shown. */
export function ownAddress(req: Pick<Request, 'protocol' | 'host'>): string {
  return HOST.test(req.host ?? '') ? `${req.protocol}://${req.host}` : 'https://your-server';
}
