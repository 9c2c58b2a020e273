import { TABLES } from '../engine/tables.ts';
import { type PostgresPrograms, ProgramFailed, runProgram } from './postgres-programs.ts';
import { inspectDump } from './read-dump.ts';

/** Ours alone: others may share the database. */
const DUMPED = [...TABLES.map(({ name }) => name), 'knex_migrations', 'knex_migrations_lock'];
/** How long it waits for a table that is being changed, in ms. */
const LOCK_WAIT_MS = 60_000;

/**
 * Fills `draft` with pg_dump's custom format, and reads it back.
 * @throws ProgramMissing; Error of one sentence where pg_dump is too old; ProgramFailed; UnusableBackup
 */
export async function dumpPostgres(url: string, draft: string, programs: PostgresPrograms): Promise<void> {
  const options = [
    '--format=custom',
    '--encoding=UTF8',
    '--no-owner',
    '--no-privileges',
    '--no-password',
    '--strict-names',
    `--lock-wait-timeout=${LOCK_WAIT_MS}`,
    `--file=${draft}`,
  ];
  const tables = DUMPED.map((name) => `--table="${name}"`);
  await runProgram('pg_dump', [...options, ...tables], programs, { url }).catch(explain);
  await inspectDump(draft, programs);
}

function explain(error: unknown): never {
  const [, server, own] =
    error instanceof ProgramFailed
      ? (/version mismatch.*server version: (\S+?);.*pg_dump version: (\S+)/s.exec(error.message) ?? [])
      : [];
  if (server === undefined) throw error;
  throw new Error(
    `pg_dump ${own} is older than the server (PostgreSQL ${server}): install the client programs of that version. No backup was written`,
    { cause: error },
  );
}
