import type { Delivery } from '../adapter.ts';

/** The kinds of events that are reported; `security`: Dependabot, code scanning and secret scanning. */
export const GITHUB_KINDS = ['workflow_run', 'release', 'security', 'push'] as const;
export type GithubKind = (typeof GITHUB_KINDS)[number];

type FilterOptions = Readonly<Record<'only' | 'branch' | 'exclude_branch', readonly string[] | undefined>>;

export interface Filters {
  takes(kind: GithubKind): boolean;
  /** @param usual what is taken where no branches were chosen */
  takesBranch(branch: string, usual: boolean): boolean;
}

/** `only`, `branch` and `exclude_branch`: the address says more than the key. */
export function filtersOf({
  query,
  options,
}: Pick<Delivery<Partial<FilterOptions>>, 'query' | 'options'>): Filters {
  const list = (name: 'only' | 'branch' | 'exclude_branch'): readonly string[] =>
    query[name] === undefined ? (options[name] ?? []) : query[name].split(',');
  const [only, branch, excluded] = (['only', 'branch', 'exclude_branch'] as const).map((name) =>
    list(name).flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()])),
  );
  const isIn = (patterns: readonly string[] | undefined, name: string) =>
    (patterns ?? []).some((pattern) => matches(pattern, name));
  return {
    takes: (kind) => (only ?? []).length === 0 || isIn(only, kind),
    takesBranch: (name, usual) =>
      ((branch ?? []).length === 0 ? usual : isIn(branch, name)) && !isIn(excluded, name),
  };
}

/** `*` stands for any characters. Piece by piece: an expression made of a sender's pattern could take for ever. */
function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === first;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false;
  const end = name.length - last.length;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
