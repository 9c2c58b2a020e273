import type { ErrorRequestHandler, Response } from 'express';
import type { EventBus } from '../domain/events.ts';
import { toAppError } from './foreign-errors.ts';

const reported = new WeakSet<Response>();

/** From now on somebody else emits `alert.refused` for this request. */
export function markReported(res: Response): void {
  reported.add(res);
}

export function isReported(res: Response): boolean {
  return reported.has(res);
}

/**
 * Tells the observers about alerts that were refused before they reached the alert service, which reports its own
 * refusals. Mounted below /api, passes every error on.
 */
export function createRefusalReporter(deps: {
  events: EventBus;
  hashChat: (chatId: number) => string;
}): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (req.method === 'POST' && /^\/alert\/?$/i.test(req.path) && !isReported(res)) {
      const chatId = req.user?.integration?.chatId;
      deps.events.emit('alert.refused', {
        code: toAppError(error).code,
        requestId: req.requestId,
        ...(chatId === undefined ? {} : { chat: deps.hashChat(chatId) }),
      });
    }
    next(error);
  };
}
