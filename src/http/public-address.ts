import type { RequestListener } from 'node:http';
import type { Express, Request } from 'express';
import { parseUrl } from '../domain/parse-url.ts';
import { isBehindProxy } from './client-address.ts';

/** Where Express keeps PUBLIC_URL for whoever has a request. */
const SETTING = 'public url';

/** Segments of a path and nothing else: `//elsewhere.example` would lead a redirect to another host. */
const PREFIX = /^(?:\/[\w.~-]+)+$/;

/** A host name or an IP address, with or without a port: nothing that would be more than that in a shell or in HTML. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** @param publicUrl PUBLIC_URL, without a trailing slash */
export function setPublicUrl(app: Express, publicUrl: string | undefined): void {
  app.set(SETTING, publicUrl === undefined ? undefined : new URL(publicUrl));
}

/**
 * The path below which this service is reached from outside, '' where it has a host of its own: a trusted proxy's
 * X-Forwarded-Prefix, else the path of PUBLIC_URL. To be put before the paths in `Location` and of pages.
 */
export function publicPrefix(req: Request): string {
  const given = isBehindProxy(req) ? req.get('x-forwarded-prefix') : undefined;
  const prefix = given === undefined ? publicUrlOf(req)?.pathname : given.split(',', 1)[0]?.trim();
  const bare = prefix?.replace(/\/+$/, '') ?? '';
  return PREFIX.test(bare) ? bare : '';
}

/** Where the client reached this service, without a trailing slash, for examples that it is shown: safe in HTML and shell. */
export function publicAddress(req: Request): string {
  const known = publicUrlOf(req);
  const origin = known?.origin ?? (HOST.test(req.host ?? '') ? `${req.protocol}://${req.host}` : undefined);
  return origin === undefined ? 'https://your-server' : `${origin}${publicPrefix(req)}`;
}

/**
 * Is this the origin that a browser knows this service by? Host (a trusted proxy's X-Forwarded-Host) has to agree, or
 * PUBLIC_URL. Some proxies drop the port from Host; then the host's name is enough, unless X-Forwarded-Port has the port.
 */
export function isOwnOrigin(req: Request, origin: string): boolean {
  const theirs = parseUrl(origin);
  if (theirs === undefined) return false;
  if (theirs.origin === publicUrlOf(req)?.origin) return true;
  // With the origin's scheme, so that a default port is one on both sides.
  const ours = parseUrl(`${theirs.protocol}//${req.host}`);
  if (ours === undefined) return false;
  if (ours.host === theirs.host) return true;
  const lostPort = isBehindProxy(req) && !/:\d+$/.test(req.host);
  if (!lostPort || ours.hostname !== theirs.hostname) return false;
  const port = req.get('x-forwarded-port');
  return port === undefined || port === theirs.port;
}

/** Takes the path of PUBLIC_URL off the addresses of requests from proxies that leave it there. */
export function withoutPrefix(publicUrl: string | undefined, handle: RequestListener): RequestListener {
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');
  if (prefix === '') return handle;
  return (req, res) => {
    const { url = '/' } = req;
    const rest = url.startsWith(prefix) ? url.slice(prefix.length) : undefined;
    if (rest !== undefined && (rest === '' || /^[/?]/.test(rest)))
      req.url = rest.startsWith('/') ? rest : `/${rest}`;
    handle(req, res);
  };
}

function publicUrlOf(req: Request): URL | undefined {
  // Set by setPublicUrl alone; Express does not know its type.
  return req.app.get(SETTING) as URL | undefined;
}
