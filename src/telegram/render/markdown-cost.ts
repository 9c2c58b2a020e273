/**
 * Bounds under which a message of 16,000 characters is parsed in about 200 ms. micromark's time grows with the square of
 * what is bounded here: without them 16,000 characters of `a*` took 0.7 s, `_a*` 1.9 s, `1. ` 2.7 s and `>- ` 5 s.
 */
const MAX_CONTAINER_COST = 20_000;
/** What one marker costs by itself: 3,000 flat items are within the bound. */
const LIST_COST = 5;
/** Runs of `*`, `_` and `~` in one block. */
const MAX_DELIMITERS_PER_BLOCK = 750;
const MAX_BRACKETS_PER_BLOCK = 2_000;

/** Quote and list markers at the start of a line. */
const CONTAINERS = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t])))+/;
const CONTAINER = />|[-+*]|\d+[.)]/g;
/** What surely ends a block: an empty line, a bullet with text, a heading. */
const BLOCK_END = /\r?\n(?=[ \t]*\r?\n| {0,3}(?:[-+*]|#{1,6}) {1,3}\S)/;
/** A run of one character is one delimiter, however long. An underscore inside a word is none (snake_case in a log). */
const DELIMITER = /\*+|~+|(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu;

/** @throws RangeError for a text that is built (or broken) so that parsing it would hold up all other alerts */
export function assertCheapMarkdown(source: string): void {
  if (containerCost(source) > MAX_CONTAINER_COST) throw new RangeError('markdown is nested too deep');
  for (const block of source.split(BLOCK_END)) {
    if (count(block, DELIMITER) > MAX_DELIMITERS_PER_BLOCK)
      throw new RangeError('markdown has too many delimiters');
    if (count(block, /[[\]]/g) > MAX_BRACKETS_PER_BLOCK)
      throw new RangeError('markdown has too many brackets');
  }
}

/** Each marker is looked at again for every one outside it, and each line goes through the deepest nesting before it. */
function containerCost(source: string): number {
  const lines = source.split(/\r\n?|\n/);
  const depths = lines.map((line) => count(CONTAINERS.exec(line)?.[0] ?? '', CONTAINER));
  const deepest = depths.reduce((most, depth) => Math.max(most, depth), 0);
  return depths.reduce((sum, depth) => sum + depth * (depth + LIST_COST), deepest * lines.length);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
