import type { RequestHandler } from 'express';
import { AppError } from '../../domain/errors.ts';
import { whyCannotSend } from '../../domain/integration.ts';
import { integrationOf } from './request-context.ts';

/** Refuses what cannot arrive: `integration_not_active`, with what a person has to do. After loadIntegration. */
export const validateStatus: RequestHandler = (req, _res, next) => {
  const why = whyCannotSend(integrationOf(req));
  next(why === undefined ? undefined : new AppError('integration_not_active', why));
};
