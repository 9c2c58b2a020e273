import type { ErrorRequestHandler, RequestHandler } from 'express';
import { AppError } from '../domain/errors.ts';
import { toAppError } from './foreign-errors.ts';
import type { HttpLogger } from './logger.ts';
import { sendProblem } from './problems.ts';

export const unknownRoute: RequestHandler = (_req, _res, next) => {
  next(new AppError('not_found', 'There is nothing at this address. GET / lists what there is.'));
};

/** Answers every error that reaches the end of the app. What we do not know is logged once and told to nobody. */
export function createProblemHandler(logger: Pick<HttpLogger, 'error'>): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const problem = toAppError(error);
    if (problem.code === 'internal') logger.error({ err: error, requestId: req.requestId }, 'Request failed');
    sendProblem(req, res, problem);
  };
}
