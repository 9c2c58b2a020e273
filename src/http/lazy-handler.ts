import type { RequestHandler } from 'express';

/**
 * A handler that is made at its first request: what it needs costs nothing where nobody asks for it. If that fails, the
 * request does, and the next one tries again.
 */
export function lazyHandler(load: () => Promise<RequestHandler>): RequestHandler {
  let loading: Promise<RequestHandler> | undefined;
  return async (req, res, next) => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    const handle = await loading;
    await handle(req, res, next);
  };
}
