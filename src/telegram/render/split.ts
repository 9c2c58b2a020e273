import type { MessageEntity } from '../../services/ports/telegram.ts';
import { createGraphemeBorders, type GraphemeBorders } from './grapheme-borders.ts';
import type { StyledText } from './styled-text.ts';

/** Most entities that Telegram takes in one message. */
const MAX_ENTITIES = 100;

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
 * space at a cut belongs to the earlier slice, where Telegram may trim it unseen.
 * @param limit code points per slice
 * @param wanted slices at which a looser cut (nicer borders) is good enough
 */
export function splitRendered(styled: StyledText, limit: number, wanted = Number.POSITIVE_INFINITY): Slice[] {
  const borders = createGraphemeBorders(styled.text);
  let cuts: number[] = [];
  for (const fill of FILLS) {
    cuts = findCuts(styled.text, borders, limit, fill);
    if (cuts.length <= wanted) break;
  }
  return cuts.map((end, index) => slice(styled, cuts[index - 1] ?? 0, end));
}

/** The start of a styled text, at most `limit` code points, ending as nicely as a slice. */
export function headOf(styled: StyledText, limit: number): StyledText {
  const borders = createGraphemeBorders(styled.text);
  const end = findCut(styled.text, borders, 0, limit, FILLS[0]);
  const text = styled.text.slice(0, end).trimEnd();
  return { text, entities: slice(styled, 0, text.length).entities };
}

function findCuts(text: string, borders: GraphemeBorders, limit: number, fill: number): number[] {
  const cuts: number[] = [];
  for (let start = 0; start < text.length; ) {
    start = findCut(text, borders, start, limit, fill);
    cuts.push(start);
  }
  return cuts;
}

function findCut(text: string, borders: GraphemeBorders, start: number, limit: number, fill: number): number {
  const max = advance(text, start, limit);
  if (max === text.length) return max;
  const min = start + Math.max(1, Math.floor((max - start) * fill));
  for (const isEnd of [endsParagraph, endsLine, endsWord]) {
    for (let end = max; end >= min; end--) {
      if (isEnd(text, end) && borders.has(end)) return end;
    }
  }
  const border = borders.atOrBefore(max);
  return border > start ? border : max;
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
  if (entities.length <= MAX_ENTITIES) return entities;
  const rank = ({ type }: MessageEntity): number =>
    IMPORTANCE.includes(type) ? IMPORTANCE.indexOf(type) : IMPORTANCE.length;
  const kept = new Set(
    [...entities].sort((a, b) => rank(a) - rank(b) || b.length - a.length).slice(0, MAX_ENTITIES),
  );
  return entities.filter((entity) => kept.has(entity));
}
