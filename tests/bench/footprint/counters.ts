import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { Database } from '../../../src/db/engine/connect.ts';

/** Numbers that only grow, by name. */
export type Counters = Readonly<Record<string, number>>;

/** Memory, time and commands of a Redis server since its start. */
export async function readRedis(redis: Redis): Promise<Counters> {
  const info = parseInfo(await redis.info('all'));
  const calls = Object.entries(info).flatMap(([name, value]) => {
    const command = /^cmdstat_(.+)$/.exec(name)?.[1];
    const count = /^calls=(\d+)/.exec(value)?.[1];
    return command === undefined || count === undefined ? [] : [{ command, count: Number(count) }];
  });
  const cpuSeconds = Number(info.used_cpu_sys) + Number(info.used_cpu_user);
  return {
    'redis: bytes of memory': Number(info.used_memory),
    'redis: bytes of AOF': Number(info.aof_current_size),
    'redis: bytes of network': Number(info.total_net_input_bytes) + Number(info.total_net_output_bytes),
    'redis: µs of processor': cpuSeconds * 1_000_000,
    'redis: commands, scripts included': calls.reduce((sum, { count }) => sum + count, 0),
    ...Object.fromEntries(
      calls
        .filter(({ command }) => /^(evalsha|eval|publish|bzpopmin)$/.test(command))
        .map(({ command, count }) => [`redis: ${command}`, count]),
    ),
  };
}

function parseInfo(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

/** Linux counts a process's time in ticks of 10 ms. */
const TICK_US = 10_000;

/** Time of a process and all its threads (Linux). */
export function readProcess(pid: number): Counters {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Fields are counted after the name in brackets, which may hold spaces: user and system time are the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { 'process: µs of processor': (Number(fields[11]) + Number(fields[12])) * TICK_US };
}

/** Sizes and writes of a database. PostgreSQL counts itself; of SQLite only the size is to be had from outside. */
export async function readDatabase({ knex, dialect }: Database): Promise<Counters> {
  if (dialect === 'sqlite') {
    const [size] = (await knex.raw(
      'SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size',
    )) as { bytes: number }[];
    return { 'database: bytes': size?.bytes ?? 0 };
  }
  // Our own counts, which PostgreSQL (15 and later) would hold back for up to 10 s.
  await knex.raw('SELECT pg_stat_force_next_flush()');
  await knex.raw('SELECT pg_stat_clear_snapshot()');
  const { rows } = (await knex.raw(`
    SELECT pg_database_size(current_database())::float8 AS "database: bytes",
      pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS "database: bytes of WAL",
      xact_commit::float8 AS "database: transactions",
      tup_inserted::float8 AS "database: rows inserted",
      tup_updated::float8 AS "database: rows updated"
    FROM pg_stat_database WHERE datname = current_database()`)) as { rows: Counters[] };
  return rows[0] ?? {};
}

/** What was added for each of `units`. */
export function differences(before: Counters, after: Counters, units: number): Counters {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, (value - (before[name] ?? 0)) / units]),
  );
}
