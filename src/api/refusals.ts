import type { ErrorRequestHandler } from 'express';
import type { EventBus } from '../domain/events.ts';
import { toAppError } from './foreign-errors.ts';

/**
 * Tells the observers about alerts that were refused before they reached the alert service, which reports its own
 * refusals. Mounted below /api, passes every error on.
 */
export function createRefusalReporter(deps: {
  events: EventBus;
  hashChat: (chatId: number) => string;
}): ErrorRequestHandler {
  return (error: unknown, req, _res, next) => {
    if (req.method === 'POST' && /^\/alert\/?$/i.test(req.path) && !req.isReported) {
      const chatId = req.integration?.chatId;
      deps.events.emit('alert.refused', {
        code: toAppError(error).code,
        requestId: req.requestId,
        ...(chatId === undefined ? {} : { chat: deps.hashChat(chatId) }),
      });
    }
    next(error);
  };
}
