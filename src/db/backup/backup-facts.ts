import { open, stat } from 'node:fs/promises';
import { MIGRATION_NAMES } from '../engine/migration-source.ts';
import { TABLES } from '../engine/tables.ts';

/** What a backup holds. */
export interface BackupFacts {
  readonly bytes: number;
  /** The installation that it is of; null where it is older than that. */
  readonly installation: string | null;
  /** Of the JWT_SECRET that it belongs to; null where none was used with it yet. */
  readonly keyFingerprint: string | null;
  /** Rows by table; those that its version did not have are left out. */
  readonly rows: Readonly<Record<string, number>>;
  /** Migrations that a restore will run on it. */
  readonly missingMigrations: readonly string[];
}

/**
 * `missing`: there is no such file; `damaged`; `foreign`: of another program; `newer`: of a later version of this one;
 * `unreadable`: a dump, where there is no pg_restore that reads it, or a file that this user may not read.
 */
export type BackupFault = 'missing' | 'damaged' | 'foreign' | 'newer' | 'unreadable';

/** The file cannot be restored. */
export class UnusableBackup extends Error {
  override readonly name = 'UnusableBackup';
  constructor(
    readonly fault: BackupFault,
    message: string,
  ) {
    super(message);
  }
}

/**
 * What a backup holds, from what was read of it.
 * @param counts rows by table, of all that there are; `migrations`: those that were run on it
 * @throws UnusableBackup (foreign, newer)
 */
export function factsOf(
  counts: ReadonlyMap<string, number>,
  migrations: readonly string[],
  installation: Readonly<Record<string, unknown>> | undefined,
): Omit<BackupFacts, 'bytes'> {
  if (!['Integrations', 'Alerts', 'knex_migrations'].every((name) => counts.has(name)))
    throw new UnusableBackup('foreign', 'This is not a backup of Pingui Alert: its tables are not there.');
  const unknown = migrations.filter((name) => !MIGRATION_NAMES.includes(name));
  if (unknown.length > 0)
    throw new UnusableBackup(
      'newer',
      `This backup is of a newer version of Pingui Alert (${unknown.join(', ')}): install that version, or a later one.`,
    );
  return {
    rows: Object.fromEntries(
      TABLES.flatMap(({ name }) => {
        const rows = counts.get(name);
        return rows === undefined ? [] : [[name, rows]];
      }),
    ),
    installation: textOf(installation?.id),
    keyFingerprint: textOf(installation?.keyFingerprint),
    missingMigrations: MIGRATION_NAMES.filter((name) => !migrations.includes(name)),
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** @throws UnusableBackup (missing) */
export async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found === undefined) throw new UnusableBackup('missing', 'There is no such file.');
  if (!found.isFile())
    throw new UnusableBackup('missing', 'This is a folder or a device, no file: name the backup itself.');
  return found.size;
}

/** The first bytes of a file. */
export async function beginningOf(file: string, length: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
