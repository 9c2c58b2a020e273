import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

declare global {
  namespace Express {
    interface Request {
      /** Ours, or the caller's own X-Request-Id. */
      requestId: string;
    }
  }
}

/** Harmless in logs and headers, and long enough for the ids of common tracers. */
const SANE_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Gives every request an id (the caller's own if it is sane) and sends it back as X-Request-Id. */
export const requestId: RequestHandler = (req, res, next) => {
  const given = req.headers['x-request-id'];
  req.requestId = typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID();
  res.setHeader('X-Request-Id', req.requestId);
  next();
};
