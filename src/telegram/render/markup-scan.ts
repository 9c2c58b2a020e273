import { Tokenizer } from 'htmlparser2';

export interface MarkupTag {
  /** Lower case. */
  readonly name: string;
  /** Names in lower case, values decoded; the first of two with the same name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** As it was written. */
  readonly raw: string;
  /** The index in the source after the tag. */
  readonly end: number;
}

interface MarkupListener {
  /** Text with its entities decoded, and everything that is neither a start tag nor an end tag as it was written. */
  text(text: string): void;
  startTag(tag: MarkupTag): void;
  endTag(name: string, raw: string): void;
}

/**
 * Reads HTML's tags in order, without a document tree. Whatever the tokenizer passes over (comments, declarations, a
 * tag that is cut off) is reported as text, so that put together nothing of the source is missing.
 */
export function scanMarkup(source: string, listener: MarkupListener): void {
  /** All before this index was reported. */
  let done = 0;
  let tagStart = 0;
  let name = '';
  let attributes: Record<string, string> = {};
  let attribute = '';
  let value = '';

  const reach = (start: number): void => {
    if (start > done) listener.text(source.slice(done, start));
    done = Math.max(done, start);
  };
  const endStartTag = (endIndex: number): void => {
    const end = endIndex + 1;
    reach(tagStart);
    done = end;
    listener.startTag({ name, attributes, raw: source.slice(tagStart, end), end });
  };
  const nothing = (): void => undefined;

  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      ontext: nothing,
      ontextentity(codePoint, end) {
        // The second code point of one entity (a few names mean two).
        if (end === done) return listener.text(String.fromCodePoint(codePoint));
        // Names without a semicolon are older than HTML 4; in "?a=1&copy=2" they would break an address.
        if (source[end - 1] !== ';') return reach(end);
        reach(source.lastIndexOf('&', end - 1));
        done = end;
        listener.text(String.fromCodePoint(codePoint));
      },
      onopentagname(start, end) {
        tagStart = start - 1;
        name = source.slice(start, end).toLowerCase();
        attributes = {};
      },
      onattribname(start, end) {
        attribute = source.slice(start, end).toLowerCase();
        value = '';
      },
      onattribdata(start, end) {
        value += source.slice(start, end);
      },
      onattribentity(codePoint) {
        value += String.fromCodePoint(codePoint);
      },
      onattribend() {
        if (!Object.hasOwn(attributes, attribute)) attributes[attribute] = value;
      },
      onopentagend: endStartTag,
      onselfclosingtag: endStartTag,
      onclosetag(start, endIndex) {
        const from = source.lastIndexOf('<', start);
        // At the end of the source the tokenizer reports "</b" as well: that is no tag.
        if (source[endIndex] !== '>') return;
        reach(from);
        done = endIndex + 1;
        listener.endTag(nameAt(start), source.slice(from, done));
      },
      oncdata: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onprocessinginstruction: nothing,
      onend: nothing,
    },
  );
  tokenizer.write(source);
  tokenizer.end();
  reach(source.length);

  function nameAt(start: number): string {
    return /^[^\s>/]*/.exec(source.slice(start, start + 64))?.[0].toLowerCase() ?? '';
  }
}
