import { type DatabaseTarget, parseDatabaseUrl } from '../../config/database-url.ts';
import { connectDatabase, type Database } from '../../db/engine/connect.ts';
import { compareTables, copyTables, countRows, readSnapshot } from '../../db/engine/copy-tables.ts';
import { migrate } from '../../db/engine/migrate.ts';
import { openExisting } from '../../db/engine/open-existing.ts';
import { TABLES } from '../../db/engine/tables.ts';
import { type Call, type Run, WrongUse } from '../command.ts';
import { tellRows } from '../progress.ts';
import { counted } from '../table.ts';

/**
 * Copies everything from one database (`from`) to another, empty one (`to`), and compares every row before the
 * target's one transaction is committed: after an error the target is as empty as before. The source is brought to
 * the current schema first, and is otherwise not changed.
 * @throws Error when the target holds data, when the source file does not exist, or when a row differs
 */
async function migrateDatabase(options: {
  from: DatabaseTarget;
  to: DatabaseTarget;
  progress(line: string): void;
  onCopied(table: string, rows: number): void;
}): Promise<void> {
  const from = await openExisting(options.from);
  try {
    const to = await connectDatabase(options.to);
    try {
      await migrate(to);
      await move(from, to, options);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

function move(
  from: Database,
  to: Database,
  { progress, onCopied }: { progress(line: string): void; onCopied(table: string, rows: number): void },
): Promise<void> {
  return readSnapshot(from, (source) =>
    to.knex.transaction(async (target) => {
      for (const table of TABLES) {
        // Keeps a service that was started on the target by mistake from writing between check and commit.
        if (to.dialect === 'postgres') await target.raw('LOCK TABLE ?? IN EXCLUSIVE MODE', [table.name]);
        if ((await countRows(target, table)) > 0) {
          throw new Error(`The target is not empty: ${table.name} has rows. Nothing was written.`);
        }
      }
      for (const [name, rows] of await copyTables(source, target, tellRows('copied', progress)))
        onCopied(name, rows);
      await compareTables(source, target, tellRows('compared', progress));
    }),
  );
}

/** URLs are never printed: they hold passwords. */
export const runMigrateDatabase: Run = async (call) => {
  const databases = readDatabases(call);
  const copied: [string, number][] = [];
  await migrateDatabase({
    ...databases,
    progress: call.progress,
    onCopied: (...table) => copied.push(table),
  });
  return {
    lines: [
      ...copied.map(([name, rows]) => `${name}: ${counted(rows, 'row')} copied`),
      'All rows compared: both databases hold the same data.',
    ],
    json: { copied: Object.fromEntries(copied) },
  };
};

function readDatabases({ options }: Call): { from: DatabaseTarget; to: DatabaseTarget } {
  if (typeof options.from !== 'string' || typeof options.to !== 'string')
    throw new WrongUse('both --from and --to are required');
  const [from, to] = [parse('--from', options.from), parse('--to', options.to)];
  if (nameOf(from) === nameOf(to)) throw new WrongUse('--from and --to name the same database');
  return { from, to };
}

function parse(option: string, url: string): DatabaseTarget {
  try {
    return parseDatabaseUrl(url);
  } catch (error) {
    if (error instanceof RangeError) throw new WrongUse(`${option} ${error.message}`);
    throw error;
  }
}

function nameOf(target: DatabaseTarget): string {
  return target.dialect === 'sqlite' ? target.file : target.url;
}
