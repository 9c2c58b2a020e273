/** Names are people's: what would move the cursor or colour a terminal is taken out. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

type Cell = string | number | null | undefined;

/** Rows below a head, in columns that are as wide as their widest cell. What is missing is a dash. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const texts = [head, ...rows.map((row) => row.map(shown))];
  const widths = head.map((_, column) => Math.max(...texts.map((row) => lengthOf(row[column] ?? ''))));
  return texts.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** A thing's properties, one a line. */
export function properties(entries: readonly (readonly [string, Cell])[]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`);
}

/** Epoch ms as 2026-11-24 03:00:00Z. */
export function time(at: number | null | undefined): string | null {
  if (at === null || at === undefined) return null;
  return new Date(at).toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

/** Epoch ms as ISO 8601, for scripts. */
export function isoTime(at: number | null | undefined): string | null {
  return at === null || at === undefined ? null : new Date(at).toISOString();
}

/** `1 alert`, `2 alerts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A size in MB, of which the first decimal counts. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function shown(cell: Cell): string {
  const text = cell === null || cell === undefined ? '' : String(cell).replaceAll(UNPRINTABLE, '');
  return text === '' ? '-' : text;
}

/** In characters, not in UTF-16 units. */
const lengthOf = (text: string) => [...text].length;
