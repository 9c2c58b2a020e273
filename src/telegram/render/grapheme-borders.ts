/** Where the characters that a reader sees begin and end. */
export interface GraphemeBorders {
  has(index: number): boolean;
  /** The last border that is not after `index`. */
  atOrBefore(index: number): number;
}

/** @param text well-formed UTF-16 */
export function createGraphemeBorders(text: string): GraphemeBorders {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text);
  // `containing` knows no character at the very end.
  const atOrBefore = (index: number): number =>
    index >= text.length ? text.length : (segments.containing(index)?.index ?? 0);
  return { has: (index) => atOrBefore(index) === index, atOrBefore };
}
