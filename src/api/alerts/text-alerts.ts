import express, { type Request, type RequestHandler } from 'express';
import { ALERT_LIMITS } from '../../domain/alert.ts';
import { AppError } from '../../domain/errors.ts';
import { cutTo, hasVisible, readable } from '../../domain/readable-text.ts';
import { ALERT_BODY_LIMIT, type BodySchema, hasBody, invalid, isJson } from '../../http/json-body.ts';
import { fieldsOfHeaders, fieldsOfPairs } from '../../ingest/ntfy/ntfy-names.ts';
import type { AlertRequest } from '../../services/alerts/alert-request.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { createDelay } from '../lenient/delay.ts';
import type { ReadInput } from '../lenient/field-reader.ts';
import { ALERT_FIELDS } from './alert-fields.ts';

type AlertSchema = BodySchema<ReadInput<AlertRequest>>;
type Fields = Readonly<Record<string, unknown>>;

const FORM = 'application/x-www-form-urlencoded';
const OWN_NAMES = new Map([...ALERT_FIELDS].map((name) => [name.toLowerCase(), name]));
/** Of the query, not of the alert. */
const NO_FIELDS: ReadonlySet<string> = new Set(['auth', 'dryRun', 'wait', 'seconds']);
/** A wrong one is refused even so: it says what is to be sent, or to whom. */
const NEEDED: ReadonlySet<string> = new Set(['message', 'chatId']);

/**
 * Reads what `curl -d "disk full"` and its like send: the body is the message, and all else comes from the query or from
 * headers. Nothing that is wrong with these costs the alert: it is left out, and the answer says so. Sets `req.input` as
 * the JSON body's `validate` does. JSON is passed on to `json`.
 */
export function createAlertReader(deps: {
  json: RequestHandler;
  schemaFor: (req: Request) => AlertSchema;
  clock: Clock;
}): RequestHandler {
  const readText = express.text({ limit: ALERT_BODY_LIMIT, type: () => true });
  const readDelay = createDelay(deps.clock);

  function readAlert(req: Request): ReadInput<AlertRequest> {
    const given = fieldsOf(req);
    const warnings: string[] = [];
    const warn = (sentence: string) => void warnings.push(sentence);
    if (given.isJson) warn('The body is JSON: send it with the header "Content-Type: application/json".');
    const { fields } = given;
    const deliverAt = readDelay(fields.deliverAt, warn, 'deliverAt');
    const message = wholeMessage(fields.message, warn);
    const read = parseLeniently(deps.schemaFor(req), { ...fields, message, deliverAt }, warn);
    return { input: read.input, warnings: [...warnings, ...read.warnings] };
  }

  return (req, res, next) => {
    if (isJson(req) || !(hasBody(req) || req.url.includes('?'))) {
      deps.json(req, res, next);
      return;
    }
    if (!isText(req)) {
      res.setHeader('Accept-Post', `application/json, text/plain, ${FORM}`);
      throw new AppError(
        'unsupported_media_type',
        'Send the message as plain text, or as JSON with the header "Content-Type: application/json".',
      );
    }
    readText(req, res, (error?: unknown) => {
      try {
        if (error === undefined) req.input = readAlert(req);
        next(error);
      } catch (fault) {
        next(fault);
      }
    });
  };
}

function mediaType(req: Request): string {
  return (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function isText(req: Request): boolean {
  const type = mediaType(req);
  return type === '' || type === FORM || type.startsWith('text/');
}

/** Of several sources of a field the body counts first, then the query, then the headers. */
function fieldsOf(req: Request): { readonly fields: Fields; readonly isJson: boolean } {
  const body: unknown = req.body;
  const text = typeof body === 'string' ? body : '';
  const type = mediaType(req);
  const query = fieldsOfPairs(queryOf(req), OWN_NAMES, NO_FIELDS);
  // An address has no line breaks (ntfy).
  if (query.message !== undefined) query.message = query.message.replaceAll('\\n', '\n');
  const others: Fields = {
    ...fieldsOfHeaders(req.headers),
    ...query,
    ...(type === 'text/markdown' ? { format: 'markdown' } : {}),
  };
  const json = type.startsWith('text/') ? undefined : asJson(text);
  if (json !== undefined) return { fields: { ...others, ...json }, isJson: true };
  const form = type === FORM ? asForm(text) : undefined;
  if (form !== undefined) return { fields: { ...others, ...form }, isJson: false };
  const message = hasVisible(readable(text)) ? text.replace(/\r?\n$/, '') : others.message;
  return { fields: { ...others, message }, isJson: false };
}

function queryOf(req: Request): URLSearchParams {
  return new URLSearchParams(req.url.slice(req.url.indexOf('?') + 1 || req.url.length));
}

/** A form that holds a message. `curl -d "a=b"` is none: it says form of whatever it sends. */
function asForm(text: string): Fields | undefined {
  if (!text.includes('=')) return undefined;
  const fields = fieldsOfPairs(new URLSearchParams(text), OWN_NAMES);
  return fields.message === undefined ? undefined : fields;
}

/** The JSON of somebody who forgot to say so. With a field that we do not know it is rather a line of a log, to be shown. */
function asJson(text: string): Fields | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const fields = JSON.parse(text) as Fields;
    const isAlert =
      typeof fields.message === 'string' && Object.keys(fields).every((name) => ALERT_FIELDS.has(name));
    return isAlert ? fields : undefined;
  } catch {
    return undefined;
  }
}

/** @throws AppError invalid_request where there is nothing to see */
function wholeMessage(given: unknown, warn: (sentence: string) => void): string {
  const message = typeof given === 'string' ? readable(given) : '';
  const most = ALERT_LIMITS.message;
  if (!hasVisible(message))
    throw invalid([{ path: ['message'], message: 'There is no message. Send it as the body.' }]);
  if (message.length > most) warn(`message has ${message.length} characters: cut to ${most}.`);
  return cutTo(message, most);
}

/** Leaves out what the schema refuses. @throws AppError invalid_request where that cannot be left out */
export function parseLeniently(
  schema: AlertSchema,
  fields: Fields,
  warn: (sentence: string) => void,
): ReadInput<AlertRequest> {
  const first = schema.safeParse(fields);
  if (first.success) return first.data;
  const { issues } = first.error;
  const faults = new Map(issues.map(({ path, message }) => [String(path[0]), message]));
  const left = [...faults.keys()].filter((name) => ALERT_FIELDS.has(name) && !NEEDED.has(name));
  const kept = Object.entries(fields).filter(([name]) => !left.includes(name));
  const second = schema.safeParse(Object.fromEntries(kept));
  if (!second.success) throw invalid(second.error.issues);
  for (const name of left) warn(`${name} is left out: ${faults.get(name)}`);
  return second.data;
}
