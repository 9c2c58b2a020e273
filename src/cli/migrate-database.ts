import { parseArgs } from 'node:util';
import { type DatabaseTarget, parseDatabaseUrl } from '../config/database-url.ts';
import { connectDatabase, type Database } from '../db/engine/connect.ts';
import { compareTables, copyTables, countRows, readSnapshot } from '../db/engine/copy-tables.ts';
import { migrate } from '../db/engine/migrate.ts';
import { openExisting } from '../db/engine/open-existing.ts';
import { TABLES } from '../db/engine/tables.ts';
import type { CommandIo } from './command.ts';
import { USAGE } from './usage.ts';

/**
 * Copies everything from one database (`from`) to another, empty one (`to`), and compares every row before the
 * target's one transaction is committed: after an error the target is as empty as before. The source is brought to
 * the current schema first, and is otherwise not changed.
 * @throws Error when the target holds data, when the source file does not exist, or when a row differs
 */
async function migrateDatabase(options: {
  from: DatabaseTarget;
  to: DatabaseTarget;
  log(line: string): void;
}): Promise<void> {
  const from = await openExisting(options.from);
  try {
    const to = await connectDatabase(options.to);
    try {
      await migrate(to);
      await move(from, to, options.log);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

function move(from: Database, to: Database, log: (line: string) => void): Promise<void> {
  return readSnapshot(from, (source) =>
    to.knex.transaction(async (target) => {
      for (const table of TABLES) {
        // Keeps a service that was started on the target by mistake from writing between check and commit.
        if (to.dialect === 'postgres') await target.raw('LOCK TABLE ?? IN EXCLUSIVE MODE', [table.name]);
        if ((await countRows(target, table)) > 0) {
          throw new Error(`The target is not empty: ${table.name} has rows. Nothing was written.`);
        }
      }
      const copied = await copyTables(source, target);
      for (const [name, rows] of copied) log(`${name}: ${rows} ${rows === 1 ? 'row' : 'rows'} copied`);
      await compareTables(source, target);
      log('All rows compared: both databases hold the same data.');
    }),
  );
}

/** The command line. Returns the exit code: 0 done, 1 failed, 2 wrong use. URLs are never printed (passwords). */
export async function runMigrateDatabase(argv: readonly string[], io: CommandIo): Promise<number> {
  let databases: { from: DatabaseTarget; to: DatabaseTarget } | 'help';
  try {
    databases = readArguments(argv);
  } catch (error) {
    io.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (databases === 'help') {
    io.log(USAGE);
    return 0;
  }
  try {
    await migrateDatabase({ ...databases, log: io.log });
    return 0;
  } catch (error) {
    io.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function readArguments(argv: readonly string[]): { from: DatabaseTarget; to: DatabaseTarget } | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: { from: { type: 'string' }, to: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return 'help';
  if (values.from === undefined || values.to === undefined)
    throw new Error('Both --from and --to are required.');
  const [from, to] = [parseDatabaseUrl(values.from), parseDatabaseUrl(values.to)];
  if (nameOf(from) === nameOf(to)) throw new Error('--from and --to name the same database.');
  return { from, to };
}

function nameOf(target: DatabaseTarget): string {
  return target.dialect === 'sqlite' ? target.file : target.url;
}
