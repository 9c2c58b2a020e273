import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupFacts } from '../../db/backup/backup-facts.ts';
import { isDump } from '../../db/backup/inspect-backup.ts';
import type { PostgresPrograms } from '../../db/backup/postgres-programs.ts';
import { dumpToSqlite } from '../../db/backup/read-dump.ts';
import type { Database } from '../../db/engine/connect.ts';
import { openExisting } from '../../db/engine/open-existing.ts';
import { openSqlite } from '../../db/engine/sqlite-connection.ts';

/** The backup's content in the schema of now: in a copy, since a backup stays as it is. */
export async function openDraft(
  file: string,
  {
    facts,
    dataDir,
    programs,
  }: { readonly facts: BackupFacts; readonly dataDir: string; readonly programs: PostgresPrograms },
): Promise<{ readonly db: Database; close(): Promise<void> }> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const draft = join(dataDir, `.restore-${randomUUID()}.db`);
  const remove = async () => {
    for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(draft + suffix, { force: true });
  };
  try {
    if (await isDump(file)) await dumpToSqlite(file, draft, facts, programs);
    else await vacuum(file, draft);
    const db = await openExisting({ dialect: 'sqlite', file: draft });
    return {
      db,
      async close() {
        await db.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function vacuum(file: string, draft: string): Promise<void> {
  const source = await openSqlite(file, 'untouched');
  try {
    await source.all('VACUUM INTO ?', [draft]);
  } finally {
    await source.close();
  }
}
