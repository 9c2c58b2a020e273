import express, { type Request, type RequestHandler } from 'express';
import { AppError, type InputIssue } from '../domain/errors.ts';
import { parseJson } from './parse-json.ts';

/** Bytes: no call but those for alerts takes long texts. */
const BODY_LIMIT = 256 * 1024;
/** Bytes. A message of 100,000 characters is 600 kB where each is escaped as \uXXXX, and 900 kB where a form writes them as %XX. */
export const ALERT_BODY_LIMIT = 1024 * 1024;

const JSON_TYPE = /^(?:application|text)\/(?:x-|[a-z0-9!#$&^_.+-]+\+)?json\s*(?:[;,]|$)/i;

declare global {
  namespace Express {
    interface Request {
      /** What a JsonBody made of the body; ask it for it. */
      input?: unknown;
    }
  }
}

interface FoundIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a body is checked by: a zod schema, or something in front of one. */
export interface BodySchema<T> {
  safeParse(
    body: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly FoundIssue[] } };
}

/** Reads a JSON body into `req.body`; another media type ends in `unsupported_media_type`. No body is no fault here. */
export function createJsonReader(limit = BODY_LIMIT): RequestHandler {
  // Not express.json, which takes no `charset=utf8`.
  const read = express.text({ limit, type: () => true });
  return (req, res, next) => {
    if (!hasBody(req)) {
      // body-parser would make {} of it, and the sender would read of missing fields.
      next();
      return;
    }
    if (!isJson(req)) {
      res.setHeader('Accept-Post', 'application/json');
      next(
        new AppError(
          'unsupported_media_type',
          'Send the body as JSON, with the header "Content-Type: application/json".',
        ),
      );
      return;
    }
    read(req, res, (error?: unknown) => {
      if (error !== undefined) return next(error);
      try {
        req.body = parseJson(req.body);
      } catch (fault) {
        return next(fault);
      }
      next();
    });
  };
}

interface JsonBody<T> {
  /** Checks `req.body`; all faults are reported together (`invalid_request`). */
  readonly validate: RequestHandler;
  /** The checked input of a request that passed `validate`. */
  of(req: Request): T;
}

/** `schemaFor` picks the (compiled) schema of a request. `optional`: no body counts as {}. */
export function createJsonBody<T>(
  schemaFor: (req: Request) => BodySchema<T>,
  options: { readonly optional: boolean },
): JsonBody<T> {
  return {
    validate: (req, _res, next) => {
      const body: unknown = req.body ?? (options.optional ? {} : undefined);
      if (body === undefined) {
        next(new AppError('invalid_request', 'The body is empty. Send a JSON object.', { issues: [EMPTY] }));
        return;
      }
      const result = schemaFor(req).safeParse(body);
      if (result.success) {
        req.input = result.data;
        next();
      } else {
        next(invalid(result.error.issues));
      }
    },
    of: (req) => {
      if (req.input === undefined) throw new Error('the body was not validated');
      // Set by `validate` alone; a route has one body.
      return req.input as T;
    },
  };
}

const EMPTY: InputIssue = { path: '', message: 'Send a JSON object.' };

/** One error that lists every fault of an input. */
export function invalid(found: readonly FoundIssue[]): AppError {
  const issues = found.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more, see errors)` : '';
  const where = first?.path ? `${first.path}: ` : '';
  return new AppError('invalid_request', `${where}${first?.message ?? 'The input is invalid.'}${more}`, {
    issues,
  });
}

export function isJson(req: Request): boolean {
  return JSON_TYPE.test(req.headers['content-type'] ?? '');
}

export function hasBody(req: Request): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}
