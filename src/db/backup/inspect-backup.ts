import { type BackupFacts, beginningOf, sizeOf, UnusableBackup } from './backup-facts.ts';
import { inspectSqlite } from './inspect-sqlite.ts';
import type { PostgresPrograms } from './postgres-programs.ts';
import { inspectDump } from './read-dump.ts';

/** How pg_dump's custom format begins. */
const DUMP_HEADER = 'PGDMP';

/** Whether the file is pg_dump's. @throws UnusableBackup (missing, unreadable) */
export async function isDump(file: string): Promise<boolean> {
  try {
    await sizeOf(file);
    return (await beginningOf(file, DUMP_HEADER.length)) === DUMP_HEADER;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new UnusableBackup(
      'unreadable',
      `This file cannot be read (${error.code}): call this as a user who may read it, or copy it.`,
    );
  }
}

/** Reads all of a backup of either kind, and changes nothing. @throws UnusableBackup */
export async function inspectBackup(file: string, programs: PostgresPrograms): Promise<BackupFacts> {
  return (await isDump(file)) ? inspectDump(file, programs) : inspectSqlite(file);
}
