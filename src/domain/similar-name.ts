/** Longer names are no typing error of a field's. */
const MOST_CHARACTERS = 32;

/**
 * The name of `names` that was probably meant: the same but for case, hyphens and underscores, or with one typing error
 * in three characters. Undefined where none is that close.
 */
export function similarName(given: string, names: readonly string[]): string | undefined {
  if (given.length > MOST_CHARACTERS) return undefined;
  const plain = plainOf(given);
  let best: { readonly name: string; readonly errors: number } | undefined;
  for (const name of names) {
    const errors = countErrors(plain, plainOf(name));
    if (
      errors <= Math.max(1, Math.floor(plain.length / 3)) &&
      errors < (best?.errors ?? Number.POSITIVE_INFINITY)
    )
      best = { name, errors };
  }
  return best?.name;
}

function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}

/** Typing errors between two words: a letter too much, missing, another, or two swapped (optimal string alignment). */
function countErrors(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const errors = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      errors[column] = Math.min(
        (last[column] ?? 0) + 1,
        (errors[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, errors];
  }
  return last[b.length] ?? 0;
}
