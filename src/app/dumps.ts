import type { Config } from '../config/config.ts';
import type { PostgresPrograms } from '../db/backup/postgres-programs.ts';

/** How this database is dumped; undefined: it is SQLite. @param programs.signal ends a dump under way */
export function dumpsOf(
  { database }: Pick<Config, 'database'>,
  { env, signal }: PostgresPrograms,
): (PostgresPrograms & { readonly url: string }) | undefined {
  if (database.dialect === 'sqlite') return undefined;
  return { url: database.url, env, ...(signal === undefined ? {} : { signal }) };
}
