import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openSqlite } from '../engine/sqlite-connection.ts';

/** An SQLite file, or a dump of pg_dump's. */
export type BackupKind = 'db' | 'dump';

/** Exactly the names that `backupName` gives; of all others in the folder only our own drafts are ever deleted. */
const BACKUP_NAME = /^pingui-backup-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})-(\d{3})Z\.(?:db|dump)$/;
/** SQLite's files next to a database: after its end they exist only where something failed. */
const SIDE_FILES = ['-wal', '-shm', '-journal'];
/** Exactly the names that `draftName` gives, and the side files of these. */
const DRAFT_NAME =
  /^(\.pingui-backup-[\dTZ-]{24}\.(?:db|dump)\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.tmp)(?:-wal|-shm|-journal)?$/;
/**
 * Milliseconds after which a draft that nobody writes to is a killed process's. A backup writes all the time, but for
 * the check at its end: that would have to read for half a day. Not longer, so that the next night's backup finds it.
 */
const ABANDONED_MS = 12 * 3_600_000;

/** `now` in epoch ms → e.g. pingui-backup-2026-11-24T03-00-00-000Z.db (UTC): no colons, and sorted by time. */
export function backupName(now: number, kind: BackupKind = 'db'): string {
  return `pingui-backup-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.${kind}`;
}

function draftName(now: number, kind: BackupKind): string {
  return `.${backupName(now, kind)}.${randomUUID()}.tmp`;
}

/** The newest backup of the folder: when it began (epoch ms), by its name, as a copy has a file time of its own. */
export async function newestBackup(directory: string): Promise<{ at: number; bytes: number } | undefined> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    // Made by the first backup.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const newest = names
    .filter((name) => !Number.isNaN(timeOf(name)))
    .sort()
    .at(-1);
  if (newest === undefined) return undefined;
  return { at: timeOf(newest), bytes: (await stat(join(directory, newest))).size };
}

/** NaN for what is no backup. */
function timeOf(name: string): number {
  const [, date, ...time] = BACKUP_NAME.exec(name) ?? [];
  const [hours, minutes, seconds, ms] = time;
  return Date.parse(`${date}T${hours}:${minutes}:${seconds}.${ms}Z`);
}

/** The backups to delete so that the newest `keep` (at least one) stay. Other names are left out. */
export function outdated(names: readonly string[], keep: number): string[] {
  const backups = names.filter((name) => BACKUP_NAME.test(name)).sort();
  return backups.slice(0, Math.max(0, backups.length - Math.max(1, keep)));
}

/**
 * Lets `produce` fill an empty file in `directory`, verifies it (SQLite's; who dumps reads it back), makes it durable and only then gives it its
 * name; then deletes backups beyond `keep`. A failure leaves the folder as it was.
 *
 * What a killed process left of its backup (a hidden draft) is deleted first, as it may be what fills the disk: our own
 * names only, and only when none of the draft's files was written to for 12 hours, because until then it may be a backup
 * that another process, perhaps on another machine, is at.
 * @throws what `produce` threw, or Error when the copy is damaged
 */
export async function writeBackup(
  directory: string,
  options: { keep: number; now: number; kind?: BackupKind },
  produce: (emptyFile: string) => Promise<void>,
): Promise<{ file: string; bytes: number }> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await removeAbandonedDrafts(directory, options.now);
  const { now, kind = 'db' } = options;
  const file = join(directory, backupName(now, kind));
  await writeCopy(file, join(directory, draftName(now, kind)), produce, kind);
  for (const name of outdated(await readdir(directory), options.keep)) await rm(join(directory, name));
  return { file, bytes: (await stat(file)).size };
}

/**
 * What a restore replaces, beside the backups; it is never deleted by itself.
 * @throws as `writeBackup`
 */
export async function writeReplaced(
  directory: string,
  now: number,
  produce: (emptyFile: string) => Promise<void>,
): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, backupName(now).replace('-backup-', '-replaced-'));
  await writeCopy(file, join(directory, draftName(now, 'db')), produce, 'db');
  return file;
}

async function writeCopy(
  file: string,
  draft: string,
  produce: (emptyFile: string) => Promise<void>,
  kind: BackupKind,
): Promise<void> {
  try {
    await (await open(draft, 'wx', 0o600)).close();
    await produce(draft);
    if (kind === 'db') await checkIntegrity(draft);
    await sync(draft);
    await rename(draft, file);
    await sync(dirname(file));
  } finally {
    for (const suffix of ['', ...SIDE_FILES]) await rm(draft + suffix, { force: true });
  }
}

async function removeAbandonedDrafts(directory: string, now: number): Promise<void> {
  const drafts = new Map<string, { files: string[]; writtenAt: number }>();
  for (const name of await readdir(directory)) {
    const draft = DRAFT_NAME.exec(name)?.[1];
    if (draft === undefined) continue;
    const file = join(directory, name);
    const { files, writtenAt } = drafts.get(draft) ?? { files: [], writtenAt: 0 };
    drafts.set(draft, { files: [...files, file], writtenAt: Math.max(writtenAt, await lastWrite(file)) });
  }
  for (const { files, writtenAt } of drafts.values()) {
    if (now - writtenAt > ABANDONED_MS) for (const file of files) await rm(file, { force: true });
  }
}

/** Epoch ms; forever in the future for what is gone by now (a backup that has just ended) or is no file. */
async function lastWrite(file: string): Promise<number> {
  try {
    const found = await lstat(file);
    return found.isFile() ? found.mtimeMs : Number.POSITIVE_INFINITY;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Number.POSITIVE_INFINITY;
    throw error;
  }
}

async function checkIntegrity(file: string): Promise<void> {
  const copy = await openSqlite(file, 'readonly');
  try {
    const [row] = await copy.all('PRAGMA integrity_check');
    if (row?.integrity_check !== 'ok') throw new Error('The backup is damaged and was discarded');
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
