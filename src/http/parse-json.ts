import { AppError } from '../domain/errors.ts';

/** A string of JSON, with whatever stands in it. */
const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/gs;
/** More than JSON wants escaped in a string, which is what is below the space. */
const RAW_CONTROLS = /\p{Cc}/gu;

/**
 * JSON, also with control characters in its strings as they are: a shell that puts a log line into a body makes such.
 * @throws AppError invalid_request, which quotes nothing of the text
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    try {
      const plain = ESCAPED_QUOTE.test(text) ? text.replaceAll('\\"', '"') : text;
      return JSON.parse(plain.replace(STRINGS, (string) => string.replace(RAW_CONTROLS, escaped)));
    } catch {
      throw badJson(error);
    }
  }
}

/** A command that was copied out of a JSON answer. JSON itself has no backslash there. */
const ESCAPED_QUOTE = /^\s*\{\s*\\"/;

function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function badJson(cause: unknown): AppError {
  // The position is safe to tell, the words around it are the sender's.
  const position = / at position (\d+)/.exec(cause instanceof Error ? cause.message : '')?.[1];
  const where = position === undefined ? '' : ` (at character ${position})`;
  const message = `The body is not valid JSON${where}.`;
  return new AppError('invalid_request', message, { issues: [{ path: '', message }] });
}
