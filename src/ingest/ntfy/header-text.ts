/** RFC 2047, section 2: charset, encoding and text of a word; a language may follow the charset (RFC 2231). */
const WORD = /=\?([\w.:-]{1,40})(?:\*[\w-]{1,20})?\?([bq])\?([^?\s]*)\?=/gi;
/** Between two words white space is only there to keep the line short. */
const BETWEEN_WORDS = /(\?=)\s+(?==\?[\w.:*-]{1,60}\?[bq]\?)/gi;

/**
 * A header's text as it was meant. Node hands over one character per byte, while tools send UTF-8 as it is; others send
 * words of RFC 2047. What is neither stays as it came.
 */
export function readHeader(raw: string): string {
  const text = utf8OrNothing(Buffer.from(raw, 'latin1')) ?? raw;
  if (!text.includes('=?')) return text;
  return text
    .replace(BETWEEN_WORDS, '$1')
    .replace(
      WORD,
      (word, charset: string, encoding: string, content: string) =>
        decode(charset, encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : unquote(content)) ??
        word,
    );
}

/** The Q encoding: an underscore is a blank. */
function unquote(content: string): Buffer {
  const bytes = content
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}

function decode(charset: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // No charset that Node knows.
    return undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function utf8OrNothing(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
