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

/** Of each folder that this process writes to. */
export async function readFreeDisk(
  config: Pick<Config, 'dataDir' | 'database' | 'backup' | 'roles'>,
  measure: (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }> = statfs,
): Promise<FreeDisk[]> {
  const { database } = config;
  const size = database.dialect === 'sqlite' ? await sizeOf(database.file) : 0;
  return Promise.all(
    writtenFolders(config).map(async ({ variable, path }) => {
      const { bavail, bsize } = await measure(path);
      const needed = variable === 'BACKUP_DIR' ? LEAST_FREE + size : LEAST_FREE;
      return { variable, free: bavail * bsize, needed };
    }),
  );
}

/** The folders that this process writes to; of one that is not there yet, the nearest above it that is. */
export function writtenFolders({
  dataDir,
  database,
  backup,
  roles,
}: Pick<Config, 'dataDir' | 'database' | 'backup' | 'roles'>): {
  readonly variable: FreeDisk['variable'];
  readonly path: string;
}[] {
  return [
    { variable: 'DATA_DIR' as const, path: nearest(dataDir) },
    ...(database.dialect === 'sqlite'
      ? [{ variable: 'DATABASE_URL' as const, path: nearest(dirname(database.file)) }]
      : []),
    ...(roles.has('scheduler') ? [{ variable: 'BACKUP_DIR' as const, path: nearest(backup.directory) }] : []),
  ];
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
