import express, { type Request, type RequestHandler } from 'express';
import { ALERT_BODY_LIMIT, invalid } from '../../http/json-body.ts';
import { parseJson } from '../../http/parse-json.ts';

declare global {
  namespace Express {
    interface Request {
      /** Its body as bytes and as what they mean, once createDeliveryReader has read it. */
      delivered?: Delivered;
    }
  }
}

interface Delivered {
  readonly raw: Buffer;
  readonly text: string;
  /** JSON, the fields of a form, or a text; undefined without a body. */
  readonly body: unknown;
}

/**
 * Reads a tool's body, whatever form it has; twice is once.
 * @throws AppError invalid_request, payload_too_large, unsupported_media_type
 */
export function createDeliveryReader(): RequestHandler {
  // Signatures are over the bytes.
  const read = express.raw({ limit: ALERT_BODY_LIMIT, type: () => true });
  return function readDelivery(req, res, next) {
    if (req.delivered !== undefined) return next();
    read(req, res, async (error?: unknown) => {
      if (error !== undefined) return next(error);
      try {
        const raw = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
        const text = new TextDecoder().decode(raw);
        req.delivered = { raw, text, body: await parse(req.headers['content-type'] ?? '', raw, text) };
      } catch (fault) {
        return next(fault);
      }
      next();
    });
  };
}

/** @throws Error before createDeliveryReader has run */
export function deliveredOf(req: Request): Delivered {
  if (req.delivered === undefined) throw new Error('the delivery was not read');
  return req.delivered;
}

/** The parameters of the address; of several with one name the first. */
export function queryOf(req: Request): Record<string, string> {
  const start = req.url.indexOf('?');
  return start < 0 ? {} : pairsOf(new URLSearchParams(req.url.slice(start + 1)));
}

/** What has one value, by its name in lower case. */
export function headersOf(req: Request): Record<string, string> {
  const found = Object.entries(req.headers).filter(
    (one): one is [string, string] => typeof one[1] === 'string',
  );
  return Object.fromEntries(found);
}

async function parse(contentType: string, raw: Buffer, text: string): Promise<unknown> {
  if (raw.length === 0) return undefined;
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'multipart/form-data') return parseMultipart(contentType, raw);
  if (/[/+]json$/.test(type)) return parseJson(text);
  // Many say nothing of what they send, or that it is a form.
  const asJson = /^\s*[[{]/.test(text) ? jsonOrNothing(text) : undefined;
  if (asJson !== undefined) return asJson;
  return type === 'application/x-www-form-urlencoded' && text.includes('=')
    ? pairsOf(new URLSearchParams(text))
    : text;
}

/** Its fields; of files their names. @throws AppError invalid_request */
async function parseMultipart(contentType: string, raw: Buffer): Promise<Record<string, string>> {
  try {
    const form = await new Response(raw, { headers: { 'content-type': contentType } }).formData();
    return pairsOf([...form].map(([name, value]) => [name, typeof value === 'string' ? value : value.name]));
  } catch {
    throw invalid([{ path: [], message: 'The form is incomplete or damaged.' }]);
  }
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first of each name. A name may be anything, also `__proto__`. */
function pairsOf(pairs: Iterable<readonly [string, string]>): Record<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of pairs) if (!fields.has(name)) fields.set(name, value);
  return Object.fromEntries(fields);
}
