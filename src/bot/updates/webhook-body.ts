import type { IncomingMessage } from 'node:http';

/** An update is a few KiB; bytes. */
const MAX_BODY = 1_048_576;

type JsonBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'not_json' }
  | { readonly kind: 'too_large' };

/** Reads at most 1 MiB. Rejects when the connection breaks. */
export async function readJsonBody(req: IncomingMessage): Promise<JsonBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    // What comes after is read and forgotten: an answer before the end could get lost in a reset.
    if (size <= MAX_BODY) chunks.push(chunk);
    else if (size > 4 * MAX_BODY) break;
  }
  if (size > MAX_BODY) return { kind: 'too_large' };
  try {
    return { kind: 'json', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { kind: 'not_json' };
  }
}
