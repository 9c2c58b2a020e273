import { resolve } from 'node:path';

export type Dialect = 'sqlite' | 'postgres';

/** Where the data lives. `file` is absolute. */
export type DatabaseTarget =
  | { readonly dialect: 'sqlite'; readonly file: string }
  | { readonly dialect: 'postgres'; readonly url: string };

/** What a DATABASE_URL can be, for whoever wrote another one. */
export const DATABASE_URL_FORMS = 'must be sqlite:<file path> or postgres://user:password@host:port/database';

/**
 * Reads `sqlite:<path>` (relative to the working directory) or `postgres://…`.
 * @throws RangeError for anything else; its text never repeats the value, which may hold a password
 */
export function parseDatabaseUrl(url: string): DatabaseTarget {
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return { dialect: 'postgres', url };
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  // sqlite://x could mean a host or a folder. In memory every connection would see another, empty database.
  const isClear =
    path !== undefined && !path.includes(':memory:') && (!path.startsWith('//') || path.startsWith('///'));
  if (!isClear) throw new RangeError(DATABASE_URL_FORMS);
  return { dialect: 'sqlite', file: resolve(path.replace(/^\/+/, '/')) };
}
