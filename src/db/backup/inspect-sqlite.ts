import { openSqlite, type SqliteConnection } from '../engine/sqlite-connection.ts';
import { type BackupFacts, beginningOf, factsOf, sizeOf, UnusableBackup } from './backup-facts.ts';

const HEADER = 'SQLite format 3\0';
/** How gzip's files begin (RFC 1952). */
const GZIP = '\x1f\x8b';

/** Reads all of a database file, and changes nothing. @throws UnusableBackup */
export async function inspectSqlite(file: string): Promise<BackupFacts> {
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

async function checkHeader(file: string): Promise<void> {
  const beginning = await beginningOf(file, HEADER.length);
  if (beginning !== HEADER) throw new UnusableBackup('foreign', describeOther(beginning));
}

function describeOther(beginning: string): string {
  if (beginning === '') return 'This file is empty: take another one.';
  if (beginning.startsWith(GZIP)) return 'This file is compressed: unpack it first (`gunzip`).';
  return 'This is not a backup: it is no SQLite database and no dump of PostgreSQL, or its beginning is damaged.';
}

async function checkPages(db: SqliteConnection): Promise<void> {
  const [row] = await db.all('PRAGMA integrity_check(1)');
  if (row?.integrity_check !== 'ok') throw damaged();
}

async function read(db: SqliteConnection): Promise<Omit<BackupFacts, 'bytes'>> {
  const tables = (await db.all(`SELECT name FROM sqlite_master WHERE type = 'table'`)).map(({ name }) =>
    String(name),
  );
  const counts = new Map<string, number>();
  for (const name of tables) {
    const [count] = await db.all(`SELECT count(*) AS "rows" FROM "${name}"`);
    counts.set(name, Number(count?.rows));
  }
  const all = async (table: string) => (tables.includes(table) ? db.all(`SELECT * FROM "${table}"`) : []);
  const migrations = (await all('knex_migrations')).map(({ name }) => String(name));
  const [installation] = await all('Installation');
  const facts = factsOf(counts, migrations, installation);
  if ((await db.all('PRAGMA foreign_key_check')).length > 0) throw damaged();
  return facts;
}

const damaged = () =>
  new UnusableBackup(
    'damaged',
    'This backup is damaged: take an older one (`backup verify` tells which are whole).',
  );

function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^SQLITE_(CORRUPT|NOTADB|IOERR|CANTOPEN|ERROR)/.test(code);
}
