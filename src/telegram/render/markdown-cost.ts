/**
 * Bounds under which a message of 16,000 characters is parsed in well under 200 ms. micromark's time grows with the
 * square of what is bounded here: 16,000 characters of `a*` took 0.7 s, `_a*` 1.9 s, `1. ` 2.7 s and `>- ` 5 s.
 */
const MAX_CONTAINERS_PER_LINE = 16;
/** `*` and `_` in one block: between two blank lines. */
const MAX_DELIMITERS_PER_BLOCK = 1_500;
const MAX_BRACKETS_PER_BLOCK = 2_000;

const CONTAINERS = new RegExp(
  `^(?:[ \\t]*(?:>|[-+*](?=[ \\t])|\\d{1,9}[.)](?=[ \\t]))){${MAX_CONTAINERS_PER_LINE + 1}}`,
  'm',
);
const BLANK_LINES = /\r?\n[ \t]*\r?\n/;

/** @throws RangeError for a text that is built (or broken) so that parsing it would hold up all other alerts */
export function assertCheapMarkdown(source: string): void {
  if (CONTAINERS.test(source)) throw new RangeError('markdown is nested too deep');
  for (const block of source.split(BLANK_LINES)) {
    // A run of one character is one delimiter, however long: "*****" is a line of a log.
    if (count(block, /\*+|_+/g) > MAX_DELIMITERS_PER_BLOCK)
      throw new RangeError('markdown has too many delimiters');
    if (count(block, /[[\]]/g) > MAX_BRACKETS_PER_BLOCK)
      throw new RangeError('markdown has too many brackets');
  }
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
