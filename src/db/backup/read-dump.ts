import type { Readable } from 'node:stream';
import { connectDatabase } from '../engine/connect.ts';
import { migrate } from '../engine/migrate.ts';
import { MIGRATION_NAMES } from '../engine/migration-source.ts';
import { TABLES } from '../engine/tables.ts';
import { type BackupFacts, factsOf, sizeOf, UnusableBackup } from './backup-facts.ts';
import { type PostgresPrograms, ProgramFailed, ProgramMissing, runProgram } from './postgres-programs.ts';

/** As COPY writes them; null where the column is. */
type TextRow = Record<string, string | null>;

/** Values of one statement; SQLite takes 32,766. */
const MOST_VALUES = 30_000;
/** Columns of the widest table, and room for more. */
const PAGE = Math.floor(MOST_VALUES / 60);

const COPY = /^COPY (?:\S+\.)?"?(\w+)"? \((.*)\) FROM stdin;$/;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Reads all of a dump, and changes nothing: no server is needed. @throws UnusableBackup */
export async function inspectDump(file: string, programs: PostgresPrograms): Promise<BackupFacts> {
  const counts = new Map<string, number>();
  const migrations: string[] = [];
  let installation: TextRow | undefined;
  await readRows(file, programs, async (table, rows) => {
    counts.set(table, (counts.get(table) ?? 0) + rows.length);
    if (table === 'knex_migrations') migrations.push(...rows.map(({ name }) => name ?? ''));
    if (table === 'Installation') installation ??= rows[0];
  });
  return { bytes: await sizeOf(file), ...factsOf(counts, migrations, installation) };
}

/** Makes the dump's content an SQLite file, in the schema of the dump's version. @throws UnusableBackup */
export async function dumpToSqlite(
  file: string,
  target: string,
  { missingMigrations }: Pick<BackupFacts, 'missingMigrations'>,
  programs: PostgresPrograms,
): Promise<void> {
  const db = await connectDatabase({ dialect: 'sqlite', file: target });
  try {
    await migrate(
      db,
      MIGRATION_NAMES.filter((name) => !missingMigrations.includes(name)),
    );
    // A dump is in the order of names, not of references.
    await db.knex.raw('PRAGMA foreign_keys = OFF');
    const ours = new Set(TABLES.map(({ name }) => name));
    await db.knex.transaction((trx) =>
      readRows(file, programs, async (table, rows) => {
        // The columns' types make numbers of what COPY writes as text.
        if (ours.has(table) && rows.length > 0) await trx(table).insert(rows);
      }),
    );
    const broken: unknown[] = await db.knex.raw('PRAGMA foreign_key_check');
    if (broken.length > 0) throw damaged();
  } finally {
    await db.close();
  }
}

/** `take` is also called, with no row, for a table that is empty. */
async function readRows(
  file: string,
  programs: PostgresPrograms,
  take: (table: string, rows: TextRow[]) => Promise<void>,
): Promise<void> {
  const read = async (output: Readable) => {
    let table: { readonly name: string; readonly columns: readonly string[] } | undefined;
    let rows: TextRow[] = [];
    for await (const line of linesOf(output)) {
      if (table === undefined) {
        const [, name, columns] = COPY.exec(line) ?? [];
        if (name === undefined || columns === undefined) continue;
        table = { name, columns: columns.split(', ').map((column) => column.replaceAll('"', '')) };
      } else if (line === '\\.') {
        await take(table.name, rows);
        table = undefined;
        rows = [];
      } else {
        rows.push(rowOf(table.columns, line));
        if (rows.length < PAGE) continue;
        await take(table.name, rows);
        rows = [];
      }
    }
  };
  await runProgram('pg_restore', ['--data-only', '--file=-', file], programs, { read }).catch(
    (error: unknown) => {
      if (error instanceof ProgramMissing) throw unreadable(file, 'pg_restore is not installed here');
      if (!(error instanceof ProgramFailed) || programs.signal?.aborted) throw error;
      if (error.message.includes('unsupported version'))
        throw unreadable(file, 'pg_restore is older here than the pg_dump that wrote it');
      throw damaged();
    },
  );
}

/** No readline: that also ends a line where a text has U+2028. */
async function* linesOf(output: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of output.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function rowOf(columns: readonly string[], line: string): TextRow {
  const values = line.split('\t');
  return Object.fromEntries(columns.map((column, index) => [column, unescaped(values[index])]));
}

function unescaped(text = '\\N'): string | null {
  if (text === '\\N') return null;
  return text.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

const damaged = () =>
  new UnusableBackup(
    'damaged',
    'This dump is damaged: take an older one (`backup verify` tells which are whole).',
  );

const unreadable = (file: string, why: string) =>
  new UnusableBackup(
    'unreadable',
    `This backup is a dump of PostgreSQL, and ${why}: install the client programs of its version. Without us: stop the service, ` +
      `pg_restore --clean --if-exists --no-owner --dbname="$DATABASE_URL" ${file}`,
  );
