import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Config } from '../../config/config.ts';
import { writeReplaced } from '../../db/backup/backup-files.ts';
import { copyTo } from '../../db/backup/database-maintenance.ts';
import { replaceContent } from '../../db/backup/replace-content.ts';
import { connectDatabase, type Database } from '../../db/engine/connect.ts';
import type { OnRows } from '../../db/engine/copy-tables.ts';
import { lockSqlite } from '../../db/engine/in-use.ts';
import { migrate } from '../../db/engine/migrate.ts';
import { type Settled, settleRestored } from '../../services/jobs/settle-restored.ts';
import { connectBeside } from '../beside.ts';
import type { AppDeps } from '../context.ts';
import { attachRedis } from '../redis.ts';
import type { Present } from './present.ts';

export interface Restored {
  readonly rows: Readonly<Record<string, number>>;
  /** Where what was there before lies; null where there was nothing. */
  readonly kept: string | null;
  /** `unknown`: why the queue could not be asked. Then upkeep does it, once the service runs. */
  readonly settled: Settled | { readonly unknown: string };
}

/** Keeps what is there, puts the draft's content in its place, and ends what Redis does not hold. */
export async function applyRestore({
  deps,
  draft,
  present,
  onRows,
}: {
  deps: AppDeps;
  draft: Database;
  present: Present;
  onRows: { readonly copied: OnRows; readonly compared: OnRows };
}): Promise<Restored> {
  const { config, clock } = deps;
  const kept = await keep(config, present, clock.now());
  const db = present.db ?? (await connectDatabase(config.database));
  try {
    await migrate(db);
    if (db.dialect === 'sqlite') await lockSqlite(db);
    const rows = await replaceContent(draft, db, onRows);
    return { rows: Object.fromEntries(rows), kept, settled: await settle(deps, db) };
  } finally {
    await db.close();
  }
}

/** Puts aside what will be replaced. Returns where. */
async function keep({ backup, database }: Config, present: Present, now: number): Promise<string | null> {
  if (present.db !== undefined) {
    const { db } = present;
    if (db.dialect === 'sqlite') await lockSqlite(db);
    return writeReplaced(backup.directory, now, (draft) => copyTo(db, draft));
  }
  if (present.kind === 'none' || database.dialect !== 'sqlite') return null;
  const aside = `${database.file}.replaced-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`;
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(database.file + suffix)) await rename(database.file + suffix, aside + suffix);
  return aside;
}

async function settle(deps: AppDeps, db: Database): Promise<Restored['settled']> {
  const open = { ...db, close: async () => undefined };
  try {
    const beside = await connectBeside(deps, open, await attachRedis(deps));
    try {
      await beside.requireQueue();
      return await settleRestored({
        ledger: beside.core.ledger,
        queue: beside.core.queue,
        clock: deps.clock,
      });
    } finally {
      await beside.close();
    }
  } catch (error) {
    return { unknown: error instanceof Error ? error.message : 'Redis cannot be asked.' };
  }
}
