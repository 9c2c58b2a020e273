import type { ParsedText } from './html-entities.ts';
import { badRequest } from './refusals.ts';
import type { Entity } from './types.ts';

const RESERVED = '_*[]()~`>#+-=|{}.!';
/** Longest first, so that `__` is not read as two `_`. */
const MARKS: readonly (readonly [string, string])[] = [
  ['```', 'pre'],
  ['||', 'spoiler'],
  ['__', 'underline'],
  ['`', 'code'],
  ['*', 'bold'],
  ['_', 'italic'],
  ['~', 'strikethrough'],
];

interface OpenMark {
  readonly mark: string;
  readonly type: string;
  readonly offset: number;
  readonly byte: number;
}

/**
 * `parse_mode: MarkdownV2`: marks, links, code and the rule that every reserved character is escaped. Block quotes
 * are not read here (`>` counts as a reserved character).
 * @throws Refusal 400 `can't parse entities: …` in Telegram's words
 */
export function parseMarkdownV2(source: string): ParsedText {
  const open: OpenMark[] = [];
  const entities: Entity[] = [];
  let text = '';
  let at = 0;
  const byte = (): number => Buffer.byteLength(source.slice(0, at));
  const close = (mark: OpenMark, more: Partial<Entity> = {}): void => {
    const length = text.length - mark.offset;
    if (length > 0) entities.push({ type: mark.type, offset: mark.offset, length, ...more });
  };
  while (at < source.length) {
    const char = source.charAt(at);
    const top = open.at(-1);
    const verbatim = top?.type === 'code' || top?.type === 'pre';
    if (char === '\\' && at + 1 < source.length && source.charCodeAt(at + 1) < 127) {
      text += source.charAt(at + 1);
      at += 2;
      continue;
    }
    if (verbatim && !source.startsWith(top.mark, at)) {
      text += char;
      at += 1;
      continue;
    }
    if (char === '[' && !verbatim) {
      open.push({ mark: '[', type: 'text_link', offset: text.length, byte: byte() });
      at += 1;
      continue;
    }
    if (char === ']' && top?.mark === '[') {
      const link = /^\]\(((?:[^)\\]|\\.)*)\)/.exec(source.slice(at));
      open.pop();
      const url = (link?.[1] ?? '').replace(/\\(.)/g, '$1');
      if (/^(https?|tg|mailto):/i.test(url)) close(top, { url });
      at += link ? link[0].length : 1;
      continue;
    }
    const found = MARKS.find(([mark]) => source.startsWith(mark, at));
    if (found) {
      const [mark, type] = found;
      if (top?.mark === mark) {
        open.pop();
        close(top);
      } else open.push({ mark, type, offset: text.length, byte: byte() });
      at += mark.length;
      continue;
    }
    if (RESERVED.includes(char))
      throw badRequest(
        `can't parse entities: Character '${char}' is reserved and must be escaped with the preceding '\\'`,
      );
    text += char;
    at += 1;
  }
  const unclosed = open.at(-1);
  if (unclosed)
    throw badRequest(
      `can't parse entities: Can't find end of ${unclosed.type.replace(/^./, (first) => first.toUpperCase())} entity at byte offset ${unclosed.byte}`,
    );
  return { text, entities };
}
