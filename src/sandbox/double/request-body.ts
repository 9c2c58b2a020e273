import type { IncomingMessage } from 'node:http';
import { parseMultipart } from './multipart.ts';
import { isRecord } from './payload.ts';
import { badRequest, Refusal } from './refusals.ts';
import type { Payload } from './types.ts';

/** Telegram takes uploads of up to 50 MB; a little more for the form around them. */
const MAX_BODY_BYTES = 51 * 1024 * 1024;

/** The whole body. @throws Refusal 413 beyond `maxBytes` */
export async function readBody(req: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Refusal(413, 'Request Entity Too Large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function parseJson(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw badRequest("can't parse request JSON object");
  }
  if (!isRecord(value)) throw badRequest("can't parse request JSON object");
  return value;
}

/** Query and body together (JSON, urlencoded or multipart), as the Bot API takes them. @throws Refusal 400, 413 */
export async function readPayload(req: IncomingMessage, query: URLSearchParams): Promise<Payload> {
  const fromQuery = Object.fromEntries(query);
  if (req.method !== 'POST') return fromQuery;
  const body = await readBody(req);
  const type = req.headers['content-type'] ?? '';
  if (/^multipart\/form-data/i.test(type)) {
    const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
    if (!boundary) throw badRequest('multipart boundary is missing');
    return { ...fromQuery, ...parseMultipart(body, boundary) };
  }
  if (/^application\/json/i.test(type)) return { ...fromQuery, ...parseJson(body) };
  return { ...fromQuery, ...Object.fromEntries(new URLSearchParams(body.toString('utf8'))) };
}
