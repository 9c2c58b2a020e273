import { open, stat } from 'node:fs/promises';
import { MIGRATION_NAMES } from '../engine/migration-source.ts';
import { openSqlite, type SqliteConnection } from '../engine/sqlite-connection.ts';
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

/** `missing`: there is no such file; `damaged`; `foreign`: of another program; `newer`: of a later version of this one. */
export type BackupFault = 'missing' | 'damaged' | 'foreign' | 'newer';

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

const HEADER = 'SQLite format 3\0';

/** Reads all of a backup, and changes nothing. @throws UnusableBackup */
export async function inspectBackup(file: string): Promise<BackupFacts> {
  const bytes = await sizeOf(file);
  await checkHeader(file);
  try {
    const db = await openSqlite(file, 'untouched');
    try {
      await checkPages(db);
      return { bytes, ...(await read(db)) };
    } finally {
      await db.close();
    }
  } catch (error) {
    if (error instanceof UnusableBackup || !isDamage(error)) throw error;
    throw damaged();
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!found?.isFile()) throw new UnusableBackup('missing', 'There is no such file.');
  return found.size;
}

async function checkHeader(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0);
    if (buffer.toString('latin1', 0, bytesRead) !== HEADER)
      throw new UnusableBackup(
        'foreign',
        'This is not a backup: it is no SQLite database, or its beginning is damaged.',
      );
  } finally {
    await handle.close();
  }
}

async function checkPages(db: SqliteConnection): Promise<void> {
  const [row] = await db.all('PRAGMA integrity_check(1)');
  if (row?.integrity_check !== 'ok') throw damaged();
}

async function read(db: SqliteConnection): Promise<Omit<BackupFacts, 'bytes'>> {
  const tables = new Set(
    (await db.all(`SELECT name FROM sqlite_master WHERE type = 'table'`)).map(({ name }) => name),
  );
  if (!tables.has('Integrations') || !tables.has('Alerts') || !tables.has('knex_migrations'))
    throw new UnusableBackup('foreign', 'This is not a backup of Pingui Alert: its tables are not there.');
  const done = new Set((await db.all('SELECT name FROM knex_migrations')).map(({ name }) => String(name)));
  const unknown = [...done].filter((name) => !MIGRATION_NAMES.includes(name));
  if (unknown.length > 0)
    throw new UnusableBackup(
      'newer',
      `This backup is of a newer version of Pingui Alert (${unknown.join(', ')}): install that version, or a later one.`,
    );
  if ((await db.all('PRAGMA foreign_key_check')).length > 0) throw damaged();
  const rows: Record<string, number> = {};
  for (const { name } of TABLES) {
    if (!tables.has(name)) continue;
    const [count] = await db.all(`SELECT count(*) AS "rows" FROM "${name}"`);
    rows[name] = Number(count?.rows);
  }
  const [installation] = tables.has('Installation') ? await db.all('SELECT * FROM "Installation"') : [];
  return {
    rows,
    installation: textOf(installation?.id),
    keyFingerprint: textOf(installation?.keyFingerprint),
    missingMigrations: MIGRATION_NAMES.filter((name) => !done.has(name)),
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const damaged = () =>
  new UnusableBackup(
    'damaged',
    'This backup is damaged: take an older one (`backup verify` tells which are whole).',
  );

function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^SQLITE_(CORRUPT|NOTADB|IOERR|CANTOPEN|ERROR)/.test(code);
}
