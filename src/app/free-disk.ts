import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';

/** Below this much, in bytes, beside the room for one more backup, a disk runs short: logs, the AOF and the -wal need it. */
const LEAST_FREE = 256 * 1024 * 1024;

/** How much room there is where the service writes. Bytes. */
export interface FreeDisk {
  readonly variable: 'DATA_DIR' | 'DATABASE_URL' | 'BACKUP_DIR';
  readonly free: number;
  /** Below it, the disk runs short. */
  readonly needed: number;
}

/** The folders that this process writes to; those that are not there yet count as the one above them. */
export async function readFreeDisk(
  { dataDir, database, backup, roles }: Pick<Config, 'dataDir' | 'database' | 'backup' | 'roles'>,
  measure: (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }> = statfs,
): Promise<FreeDisk[]> {
  const size = database.dialect === 'sqlite' ? await sizeOf(database.file) : 0;
  const folders: [FreeDisk['variable'], string, number][] = [['DATA_DIR', dataDir, LEAST_FREE]];
  if (database.dialect === 'sqlite') folders.push(['DATABASE_URL', dirname(database.file), LEAST_FREE]);
  if (roles.has('scheduler')) folders.push(['BACKUP_DIR', backup.directory, LEAST_FREE + size]);
  return Promise.all(
    folders.map(async ([variable, path, needed]) => {
      const { bavail, bsize } = await measure(nearest(path));
      return { variable, free: bavail * bsize, needed };
    }),
  );
}

function nearest(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : nearest(parent);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
