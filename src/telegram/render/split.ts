import type { MessageEntity } from '../../services/ports/telegram.ts';
import { createGraphemeBorders, type GraphemeBorders } from './grapheme-borders.ts';
import type { StyledText } from './styled-text.ts';

/**
 * Most entities that Telegram takes in one message, and the bytes that they may take in all, addresses included: about
 * 9,500 were seen to pass, more is ENTITIES_TOO_LONG. Counted as JSON, which is never shorter than what Telegram counts.
 */
const MAX_ENTITIES = 100;
const MAX_ENTITY_BYTES = 9_500;

/**
 * How full a part must at least be to end at a paragraph, line or word rather than later. The second, stricter try
 * follows when the first makes too many parts.
 */
const FILLS = [0.5, 0.95] as const;

/** One piece of a styled text; the `raw` of all pieces, put together, is the text unchanged. */
interface Slice {
  readonly raw: string;
  /** Cut to this slice, offsets from its start. */
  readonly entities: readonly MessageEntity[];
}

/**
 * Cuts at paragraphs, else lines, else words, else graphemes (a grapheme longer than a part: at code points). The white
 * space at a cut belongs to the earlier slice, where Telegram may trim it unseen. A slice ends before a link that is too
 * much for one message: an address that is shown nowhere else must not get lost.
 * @param limit code points per slice
 * @param wanted slices at which a looser cut (nicer borders) is good enough; where it takes more, only the first
 *   `wanted` + 1 are given
 */
export function splitRendered(styled: StyledText, limit: number, wanted = Number.POSITIVE_INFINITY): Slice[] {
  let cuts: number[] = [];
  for (const fill of FILLS) {
    cuts = findCuts(styled, { limit, fill, most: wanted + 1 });
    if (cuts.length <= wanted) break;
  }
  return cuts.map((end, index) => slice(styled, cuts[index - 1] ?? 0, end));
}

/** The start of a styled text, at most `limit` code points, ending as nicely as a slice. */
export function headOf(styled: StyledText, limit: number): StyledText {
  const end = findCut(styled, { start: 0, limit, fill: FILLS[0] });
  const text = styled.text.slice(0, end).trimEnd();
  return { text, entities: slice(styled, 0, text.length).entities };
}

function findCuts(
  styled: StyledText,
  { limit, fill, most }: { limit: number; fill: number; most: number },
): number[] {
  const cuts: number[] = [];
  for (let start = 0; start < styled.text.length && cuts.length < most; ) {
    start = findCut(styled, { start, limit, fill });
    cuts.push(start);
  }
  return cuts;
}

function findCut(
  { text, entities }: StyledText,
  { start, limit, fill }: { start: number; limit: number; fill: number },
): number {
  const max = Math.min(advance(text, start, limit), endOfLinks(entities, start) ?? text.length);
  if (max === text.length) return max;
  const borders = bordersFrom(text, start, max);
  const min = start + Math.max(1, Math.floor((max - start) * fill));
  for (const isEnd of [endsParagraph, endsLine, endsWord]) {
    for (let end = max; end >= min; end--) {
      if (isEnd(text, end) && borders.has(end)) return end;
    }
  }
  const border = borders.atOrBefore(max);
  return border > start ? border : max;
}

/**
 * The borders of a part and no more: a look-up takes longer the longer the text is, seconds in all for 100,000 characters of
 * joiners. What follows the part, up to two units, tells whether its end is a border.
 */
function bordersFrom(text: string, start: number, max: number): GraphemeBorders {
  const borders = createGraphemeBorders(text.slice(start, max + 2));
  return {
    has: (index) => borders.has(index - start),
    atOrBefore: (index) => start + borders.atOrBefore(index - start),
  };
}

/** Where the first link begins that one message cannot hold beside those before it, from `start`; undefined: nowhere. */
function endOfLinks(entities: readonly MessageEntity[], start: number): number | undefined {
  const room = createRoom();
  return entities.find(
    (entity) =>
      entity.type === 'text_link' &&
      entity.offset + entity.length > start &&
      !room.take(entity) &&
      entity.offset > start,
  )?.offset;
}

/** What one message's entities may take. */
function createRoom(): { take(entity: MessageEntity): boolean } {
  let count = 0;
  let bytes = 2;
  return {
    take(entity) {
      if (count >= MAX_ENTITIES) return false;
      // As long as its numbers can get.
      const size = Buffer.byteLength(JSON.stringify({ ...entity, offset: 99_999, length: 99_999 })) + 1;
      if (bytes + size > MAX_ENTITY_BYTES) return false;
      count += 1;
      bytes += size;
      return true;
    },
  };
}

/** The index `count` code points after `start`. */
function advance(text: string, start: number, count: number): number {
  let index = start;
  for (let left = count; left > 0 && index < text.length; left--) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return index;
}

function endsParagraph(text: string, end: number): boolean {
  return (
    endsLine(text, end) && (text[end - 2] === '\n' || (text[end - 2] === '\r' && text[end - 3] === '\n'))
  );
}

function endsLine(text: string, end: number): boolean {
  return text[end - 1] === '\n';
}

function endsWord(text: string, end: number): boolean {
  // No-break spaces (U+00A0, U+202F) say that no line may end at them.
  return /[^\S\u00a0\u202f]/.test(text[end - 1] ?? '');
}

function slice(styled: StyledText, start: number, end: number): Slice {
  const entities = styled.entities.flatMap((entity) => {
    const from = Math.max(entity.offset, start);
    const to = Math.min(entity.offset + entity.length, end);
    return to > from ? [{ ...entity, offset: from - start, length: to - from }] : [];
  });
  return { raw: styled.text.slice(start, end), entities: keepMostImportant(entities) };
}

/** What is kept first: targets that are shown nowhere else, then what keeps its shape, then looks. */
const IMPORTANCE: readonly string[] = [
  'text_link',
  'pre',
  'spoiler',
  'code',
  'blockquote',
  'expandable_blockquote',
];

function keepMostImportant(entities: MessageEntity[]): MessageEntity[] {
  const rank = ({ type }: MessageEntity): number =>
    IMPORTANCE.includes(type) ? IMPORTANCE.indexOf(type) : IMPORTANCE.length;
  const room = createRoom();
  const byImportance = [...entities].sort((a, b) => rank(a) - rank(b) || b.length - a.length);
  const kept = new Set(byImportance.filter(room.take));
  return entities.filter((entity) => kept.has(entity));
}
