import type { RequestHandler } from 'express';

/** A handler that is made at its first request: what it needs costs nothing where nobody asks for it. */
export function loadedWhenAsked(load: () => Promise<RequestHandler>): RequestHandler {
  let loading: Promise<RequestHandler> | undefined;
  return async (req, res, next) => {
    loading ??= load();
    const handle = await loading;
    await handle(req, res, next);
  };
}
