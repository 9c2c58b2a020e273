import { resolve } from 'node:path';

export type Dialect = 'sqlite' | 'postgres';

export type DatabaseTarget =
  | { readonly dialect: 'sqlite'; readonly file: string }
  | { readonly dialect: 'postgres'; readonly url: string };

/**
 * Reads `sqlite:<path>` (relative to the working directory) or `postgres://…`.
 * @throws Error for anything else; the text never repeats the value, which may hold a password
 */
export function parseDatabaseUrl(url: string): DatabaseTarget {
  if (/^postgres(ql)?:\/\//.test(url)) return { dialect: 'postgres', url };
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path === undefined) throw new Error('The database must be given as sqlite:<path> or postgres://…');
  // Every connection would see another, empty database, and nothing would outlive the process.
  if (path.includes(':memory:')) throw new Error('A database in memory cannot keep alerts: give a file.');
  return { dialect: 'sqlite', file: resolve(path) };
}
