import type { Redact } from './redact.ts';

/** Characters of one value: longer ones are somebody's payload rather than a fact about the service. */
const LONGEST_TEXT = 4_096;
/** Levels of nesting, and entries per level, that are written. */
const DEEPEST = 5;
const MOST_ENTRIES = 50;
/** Causes of causes that are written. */
const MOST_CAUSES = 3;

/** The logger's own keys: a field of the same name would appear twice in the line. */
const RESERVED: ReadonlySet<string> = new Set(['timestamp', 'level', 'component', 'message']);
/** Fields whose value is never written, whatever it is: credentials, alert texts, SQL bindings. */
const NEVER =
  /^(?:authorization|cookie|set-cookie|password|secret|token|payload|bindings|body|text|sealed)$/i;
/** Chat ids are written as keyed hashes (hexadecimal) only; plain ones are whole numbers. */
const CHAT_ID = /^chat_?id$/i;

/** Makes fields fit to be written: redacted, bounded, errors as plain data, nothing that JSON cannot hold. */
export function cleanFields(
  fields: object,
  options: {
    readonly redact: Redact;
    /** What is written of a stack's frames; absent: none is. */
    readonly toFrames: ((frames: string) => string) | undefined;
  },
): Record<string, unknown> {
  const { redact, toFrames } = options;

  function clean(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return cut(redact(value));
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Error) return cleanError(value, 0);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (depth >= DEEPEST) return '[…]';
    if (value instanceof Set) return clean([...value], depth);
    if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((entry) => clean(entry, depth + 1));
    return cleanEntries(value, depth + 1);
  }

  function cleanEntries(record: object, depth: number): Record<string, unknown> {
    const entries = Object.entries(record).slice(0, MOST_ENTRIES);
    return Object.fromEntries(entries.map(([key, value]) => [key, cleanEntry(key, value, depth)]));
  }

  /**
   * Everything else that an error object carries stays unwritten: TelegramError's `on.payload` holds the alert's text,
   * knex's errors hold SQL bindings, body-parser's hold the request's body.
   */
  function cleanError(error: Error, depth: number): Record<string, unknown> {
    const type = cut(redact(error.name));
    const message = cut(redact(error));
    const code = 'code' in error ? error.code : undefined;
    const frames = toFrames?.(framesOf(error)) ?? '';
    return {
      type,
      message,
      ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
      // The first lines of a stack repeat the message as it was; only the frames are taken over.
      ...(frames === '' ? {} : { stack: cut(redact(`${type}: ${message}\n${frames}`)) }),
      ...(error.cause instanceof Error && depth < MOST_CAUSES
        ? { cause: cleanError(error.cause, depth + 1) }
        : {}),
    };
  }

  function cleanEntry(key: string, value: unknown, depth: number): unknown {
    if (NEVER.test(key) && value !== undefined) return '[REDACTED]';
    if (CHAT_ID.test(key) && /^-?\d{1,15}$/.test(String(value))) return '[REDACTED]';
    return clean(value, depth);
  }

  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields).slice(0, MOST_ENTRIES)) {
    result[RESERVED.has(key) ? `${key}_` : key] = cleanEntry(key, value, 0);
  }
  return result;
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)`;
}

function framesOf(error: Error): string {
  const lines = (error.stack ?? '').split('\n');
  return lines.filter((line) => /^\s+at /.test(line)).join('\n');
}
