import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqlite } from './sqlite-connection.ts';

/** Exactly the names that `backupName` gives; nothing else in the folder is ever deleted. */
const BACKUP_NAME = /^pingui-backup-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z\.db$/;

/** `now` in epoch ms → e.g. pingui-backup-2026-11-24T03-00-00-000Z.db (UTC): no colons, and sorted by time. */
export function backupName(now: number): string {
  return `pingui-backup-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.db`;
}

/** The backups to delete so that the newest `keep` (at least one) stay. Other names are left out. */
export function outdated(names: readonly string[], keep: number): string[] {
  const backups = names.filter((name) => BACKUP_NAME.test(name)).sort();
  return backups.slice(0, Math.max(0, backups.length - Math.max(1, keep)));
}

/**
 * Lets `produce` fill an empty SQLite file in `directory`, verifies it, makes it durable and only then gives it its
 * name; then deletes backups beyond `keep`. A failure leaves the folder as it was.
 * @throws what `produce` threw, or Error when the copy is damaged
 */
export async function writeBackup(
  directory: string,
  options: { keep: number; now: number },
  produce: (emptyFile: string) => Promise<void>,
): Promise<{ file: string; bytes: number }> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, backupName(options.now));
  const draft = join(directory, `.${backupName(options.now)}.${randomUUID()}.tmp`);
  try {
    await (await open(draft, 'wx', 0o600)).close();
    await produce(draft);
    await checkIntegrity(draft);
    await sync(draft);
    await rename(draft, file);
    await sync(directory);
  } finally {
    // SQLite's side files exist only after a failure.
    for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(draft + suffix, { force: true });
  }
  for (const name of outdated(await readdir(directory), options.keep)) await rm(join(directory, name));
  return { file, bytes: (await stat(file)).size };
}

async function checkIntegrity(file: string): Promise<void> {
  const copy = await openSqlite(file, 'readonly');
  try {
    const [row] = await copy.all('PRAGMA integrity_check');
    if (row?.integrity_check !== 'ok') throw new Error('The backup is damaged and was discarded.');
  } finally {
    await copy.close();
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
