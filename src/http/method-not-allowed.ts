import type { RequestHandler } from 'express';
import { AppError } from '../domain/errors.ts';

/** Last handler of a known path: other methods get 405 with `Allow`; OPTIONS gets the list alone. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  return allowOnly(allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed);
}

/** As `methodNotAllowed`, also of HEAD: for a path where a GET does something. */
export function allowOnly(methods: readonly string[]): RequestHandler {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (req, res, next) => {
    res.setHeader('Allow', allow);
    if (req.method === 'OPTIONS') {
      res.status(204).end();
      return;
    }
    next(new AppError('method_not_allowed', `This address only accepts ${allow}.`));
  };
}
