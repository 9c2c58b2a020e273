/** An error as plain data. Everything else that an error object carries stays unwritten: TelegramError's `on.payload`
 * holds the alert's text, knex's errors hold SQL bindings, body-parser's hold the request's body. */
export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: SerializedError;
}

/** Causes of causes that are written. */
const MOST_CAUSES = 3;

export function serializeError(
  error: Error,
  options: { readonly redact: (text: string) => string; readonly withStack: boolean },
  depth = 0,
): SerializedError {
  const type = options.redact(error.name);
  const message = options.redact(plainMessage(error));
  const code = 'code' in error ? error.code : undefined;
  const frames = options.withStack ? framesOf(error) : '';
  const cause = error.cause instanceof Error && depth < MOST_CAUSES ? error.cause : undefined;
  return {
    type,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    // The first lines of a stack repeat the message as it was; only the frames are taken over.
    ...(frames === '' ? {} : { stack: options.redact(`${type}: ${message}\n${frames}`) }),
    ...(cause === undefined ? {} : { cause: serializeError(cause, options, depth + 1) }),
  };
}

/** knex puts the statement with its bindings filled in before the driver's own words: `insert … - SQLITE_BUSY: …`. */
const STATEMENT =
  /^\s*(?:select|insert|update|delete|with|create|alter|drop|begin|commit|rollback|pragma|vacuum)\b/i;

function plainMessage(error: Error): string {
  const { message } = error;
  if (STATEMENT.test(message)) {
    const end = message.lastIndexOf(' - ');
    return end < 0 ? 'a database statement failed' : message.slice(end + ' - '.length);
  }
  // Node quotes the text that it could not parse.
  if (error instanceof SyntaxError && message.includes('JSON')) return 'invalid JSON';
  return message;
}

function framesOf(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
