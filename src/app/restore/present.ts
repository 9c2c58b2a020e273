import { existsSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { UnusableBackup } from '../../db/backup/backup-facts.ts';
import { inspectSqlite } from '../../db/backup/inspect-sqlite.ts';
import { connectDatabase, type Database } from '../../db/engine/connect.ts';
import { isPostgresInUse, isSqliteInUse } from '../../db/engine/in-use.ts';

/** Raised where a restore must not go on: one sentence with what to do. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused';
}

const IN_USE = 'The service runs on this database: stop it (all its processes), then restore.';

/** What is there now. `damaged`: it cannot be read. */
export type Present =
  | { readonly kind: 'none' | 'damaged'; readonly db: undefined }
  | { readonly kind: 'whole'; readonly db: Database };

/** @throws RestoreRefused while the service runs on it, or a newer version has used it */
export async function openPresent({ database }: Config): Promise<Present> {
  if (database.dialect === 'sqlite') {
    if (!existsSync(database.file)) return { kind: 'none', db: undefined };
    const isInUse = await isSqliteInUse(database.file).catch(() => false);
    if (isInUse) throw new RestoreRefused(IN_USE);
    const state = await inspectSqlite(database.file).then(
      () => 'whole' as const,
      (error: unknown) => {
        if (error instanceof UnusableBackup) return error.fault;
        throw error;
      },
    );
    if (state === 'newer')
      throw new RestoreRefused(
        'The database that is there is of a newer version: restore with that version.',
      );
    if (state !== 'whole') return { kind: 'damaged', db: undefined };
  }
  const db = await connectDatabase(database, { create: false });
  try {
    if (database.dialect === 'postgres' && (await isPostgresInUse(db))) throw new RestoreRefused(IN_USE);
    if (await db.knex.schema.hasTable('Integrations')) return { kind: 'whole', db };
    await db.close();
    return { kind: 'none', db: undefined };
  } catch (error) {
    await db.close();
    throw error;
  }
}
