import { ALERT_LIMITS } from '../../domain/alert.ts';
import type { MessageEntity } from '../../services/ports/telegram.ts';

/** Code points of a message's text (Bot API; counted after entities are parsed). */
export const MAX_TEXT = 4_096;

/** A visible text with its styles; offsets in UTF-16 units, entities properly nested, outer ones first. */
export interface StyledText {
  readonly text: string;
  readonly entities: readonly MessageEntity[];
}

export type Style = Omit<MessageEntity, 'offset' | 'length'>;

/** Writes a styled text from its start to its end. Every `open` needs its `close`. */
export interface StyledTextBuilder {
  /** @throws RangeError when the text becomes longer than {@link MAX_LENGTH} */
  append(text: string): void;
  /** Begins a style; one that Telegram allows no place here is left out, its text stays. */
  open(style: Style): void;
  /** Ends the style that was opened last. */
  close(): void;
  /** True at the start of the text and after a line feed. */
  atLineStart(): boolean;
  /** Units written so far. */
  length(): number;
  /** What was written after that many units. */
  textSince(length: number): string;
  /** Ends open styles. Lone surrogates become U+FFFD. */
  build(): StyledText;
}

/** Deeper nesting is no message that a person wrote. */
const MAX_DEPTH = 64;

/**
 * Units that a text may grow to: four times the longest that is shown in messages. Marks that are shown longer than they were written
 * ("1." as "1200. ", indentations) do not double it, but 2,000 links may refer to one address of 6,000 characters.
 */
const MAX_LENGTH = 4 * ALERT_LIMITS.inMessages;

/** Styles that hold no other style and stand in none but a quote. */
const VERBATIM: ReadonlySet<string> = new Set(['pre', 'code']);
const LINK = 'text_link';
const QUOTES: ReadonlySet<string> = new Set(['blockquote', 'expandable_blockquote']);

interface OpenStyle {
  readonly style: Style;
  /** Where it began, or -1 for one that has no place. Moves on when a verbatim style interrupts it. */
  start: number;
}

/** @throws RangeError when styles are nested more than 64 deep (from `open`), or the text is too long (`append`) */
export function createStyledTextBuilder(): StyledTextBuilder {
  let text = '';
  const entities: MessageEntity[] = [];
  const stack: OpenStyle[] = [];

  const emit = ({ style, start }: OpenStyle): void => {
    if (start >= 0 && text.length > start)
      entities.push({ ...style, offset: start, length: text.length - start });
  };
  const isActive = (type: (name: string) => boolean): boolean =>
    stack.some((entry) => entry.start >= 0 && type(entry.style.type));
  /** Code interrupts bold and its like: Telegram allows neither in the other. */
  const interruptible = (): OpenStyle[] =>
    stack.filter(({ style, start }) => start >= 0 && !QUOTES.has(style.type) && style.type !== LINK);

  function hasPlace(type: string): boolean {
    if (isActive((name) => name === type || VERBATIM.has(name))) return false;
    if (QUOTES.has(type)) return !isActive((name) => QUOTES.has(name));
    // A link is worth more than the look of code inside it.
    return !(VERBATIM.has(type) && isActive((name) => name === LINK));
  }

  function close(): void {
    const entry = stack.pop();
    if (entry === undefined) return;
    emit(entry);
    if (entry.start >= 0 && VERBATIM.has(entry.style.type)) {
      for (const outer of interruptible()) outer.start = text.length;
    }
  }

  return {
    append(more) {
      if (text.length + more.length > MAX_LENGTH) throw new RangeError('styled text is too long');
      text += more;
    },
    open(style) {
      if (stack.length >= MAX_DEPTH) throw new RangeError('styles are nested too deep');
      const placed = hasPlace(style.type);
      if (placed && VERBATIM.has(style.type)) for (const outer of interruptible()) emit(outer);
      stack.push({ style, start: placed ? text.length : -1 });
    },
    close,
    atLineStart: () => text === '' || text.endsWith('\n'),
    length: () => text.length,
    textSince: (length) => text.slice(length),
    build() {
      while (stack.length > 0) close();
      return { text: replaceLoneSurrogates(text), entities: entities.sort(outerFirst) };
    },
  };
}

function outerFirst(a: MessageEntity, b: MessageEntity): number {
  return a.offset - b.offset || b.length - a.length;
}

/** Half a surrogate pair cannot be written as UTF-8: each becomes U+FFFD, which keeps all offsets. */
export function replaceLoneSurrogates(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/**
 * What shows nothing on a screen: white space, controls, formats, fillers and the "vertical line" marks that Telegram
 * strips. A text of these alone is refused ("message text is empty").
 */
const INVISIBLE =
  /^(?:[\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\uFFFC]|\u030A|\u0333|\u033F)*$/u;

export function isVisible(text: string): boolean {
  return !INVISIBLE.test(text);
}

/** Code points, as Telegram counts its limits. */
export function countCodePoints(text: string): number {
  let pairs = 0;
  for (let index = 0; index < text.length - 1; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800) pairs++;
  }
  // A well-formed text has one code point less than units for every high surrogate.
  return text.length - pairs;
}
