import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import { createDatabaseMaintenance } from '../../../src/db/backup/database-maintenance.ts';
import { libpqVariables } from '../../../src/db/backup/postgres-programs.ts';
import { connectDatabase, type Database } from '../../../src/db/engine/connect.ts';
import { compareTables } from '../../../src/db/engine/copy-tables.ts';
import { openExisting } from '../../../src/db/engine/open-existing.ts';
import { installationId } from '../../../src/db/installation.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import { createJobRuns } from '../../../src/db/jobs/job-runs.ts';
import { callCommand } from '../../support/call-command.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { openMigrated } from '../../support/sqlite.ts';
import { DAY_MS, multiplyAlert, NOW, newAlert, startDatabases } from './databases.ts';

const databases = await startDatabases();
afterAll(() => databases.stop());
const postgres = databases.kinds.filter(({ name }) => name === 'PostgreSQL');
const PATH = process.env.PATH ?? '';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.stop());

let runs = 0;
let env: Record<string, string> = {};
let url = '';
let db: Database;

/** Texts that COPY has to escape. */
const NAME = 'a\tb\\n \\N\r\n\u2028 "Tür" 門';

/** A folder that holds only these programs, as scripts. */
function programs(scripts: Record<string, string>): string {
  const bin = join(databases.dir, `bin-${runs}`);
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}
const files = () => readdirSync(env.BACKUP_DIR ?? '');
const call = async (...argv: string[]) => {
  const { code, stdout, stderr } = await callCommand([...argv, '--json'], { env });
  return { code, stderr, ...(stdout === '' ? {} : JSON.parse(stdout)) };
};

describe.each(postgres)('a backup of $name', ({ createUrl, createMigratedUrl }) => {
  beforeEach(async () => {
    runs += 1;
    const dir = join(databases.dir, `dump-${runs}`);
    url = await createMigratedUrl();
    env = {
      ...{ DATABASE_URL: url, DATA_DIR: join(dir, 'data'), BACKUP_DIR: join(dir, 'backups'), PATH },
      ...{ REDIS_URL: redis.url, QUEUE_PREFIX: `{dump-${runs}}`, JWT_SECRET: 'x'.repeat(32) },
    };
    db = await openMigrated(url);
    await installationId(db);
    const { id } = await createIntegrationRepository(db).insertPending(-1_002_345_678_901, NAME, 900, NOW);
    await db.knex('Integrations').where({ id }).update({ status: 'active', tokenHash: 'a' });
    await createAlertLedger(db, { idempotencyWindowMs: DAY_MS }).accept(newAlert(id));
    await multiplyAlert(db, 700, (n) => ({ silent: (n + 1) % 2 }));
    // Else a restore would end them: no Redis knows them.
    await db.knex('Alerts').update({ status: 'delivered', endedAt: NOW });
    return () => db.close();
  });

  it('is a dump of pg_dump’s, readable by its owner alone, that is told from others', async () => {
    await db.knex.raw('CREATE TABLE "SomebodyElses" (id int)');
    const { code, file, bytes } = await call('backup');
    expect(code).toBe(0);
    expect(files()).toEqual([expect.stringMatching(/^pingui-backup-[\dTZ-]{24}\.dump$/)]);
    expect(readFileSync(file).toString('latin1', 0, 5)).toBe('PGDMP');
    expect([bytes, statSync(file).mode & 0o777]).toEqual([statSync(file).size, 0o600]);
    expect(await call('backup', 'verify', file)).toMatchObject({
      ...{ code: 0, ok: true, missingMigrations: [] },
      rows: { Integrations: 1, Alerts: 700, Incidents: 0 },
    });
    const { lastSuccess, backupBytes } = await createJobRuns(db).history();
    expect([typeof lastSuccess.backup, backupBytes]).toEqual(['number', bytes]);
  });

  it('goes back into PostgreSQL, and into SQLite, with every row as it was', async () => {
    const { file } = await call('backup');
    const copy = await connectDatabase(parseDatabaseUrl(`sqlite:${join(env.DATA_DIR ?? '', 'copy.db')}`));
    const source = await connectDatabase(parseDatabaseUrl(await createUrl()));
    await Promise.all([copy.close(), source.close()]);
    for (const target of [`sqlite:${copy.file}`, await createUrl()]) {
      env = { ...env, DATABASE_URL: target };
      expect(await call('restore', file, '--yes')).toMatchObject({ code: 0, restored: true });
      const restored = await openExisting(parseDatabaseUrl(target));
      // The success of the backup was noted after it.
      await db.knex('JobRuns').delete();
      await compareTables(db.knex, restored.knex);
      expect((await restored.knex('Integrations').first()).name).toBe(NAME);
      await restored.close();
    }
    expect(readdirSync(env.DATA_DIR ?? '').filter((name) => name.startsWith('.restore'))).toEqual([]);
  });

  it('can be of an older version', async () => {
    await db.close();
    db = await connectDatabase(parseDatabaseUrl(url));
    await db.knex.migrate.down();
    const { file } =
      (await createDatabaseMaintenance(db, { url, env: { PATH } }).backup(env.BACKUP_DIR ?? '', 1, NOW)) ??
      {};
    expect(await call('backup', 'verify', file ?? '')).toMatchObject({
      ok: true,
      missingMigrations: [expect.any(String)],
    });
    env = { ...env, DATABASE_URL: await createUrl() };
    expect(await call('restore', file ?? '', '--yes')).toMatchObject({ code: 0, rows: { Alerts: 700 } });
  });

  it('is refused where it is damaged, newer, another’s, or where nothing reads it', async () => {
    const { file } = await call('backup');
    const damaged = join(databases.dir, `damaged-${runs}.dump`);
    const bytes = readFileSync(file);
    writeFileSync(damaged, bytes.subarray(0, bytes.length - 3_000));
    expect(await call('restore', damaged, '--yes')).toMatchObject({ code: 1, fault: 'damaged' });
    await db
      .knex('knex_migrations')
      .insert({ name: '29990101000000_later', batch: 9, migration_time: new Date() });
    const newer = join(databases.dir, `newer-${runs}.dump`);
    execFileSync('pg_dump', ['--format=custom', `--file=${newer}`], {
      env: { PATH, ...libpqVariables(url) },
    });
    expect(await call('restore', newer, '--yes')).toMatchObject({ code: 1, fault: 'newer' });
    await db.knex('knex_migrations').where({ name: '29990101000000_later' }).delete();
    env = { ...env, PATH: programs({}) };
    expect(await call('backup', 'verify', file)).toMatchObject({
      ...{ code: 1, fault: 'unreadable' },
      message: expect.stringMatching(/pg_restore is not installed here.*pg_restore --clean/s),
    });
    env = {
      ...env,
      PATH: programs({
        pg_restore: 'echo "pg_restore: error: unsupported version (1.99) in file header" >&2; exit 1',
      }),
    };
    expect(await call('restore', file, '--yes')).toMatchObject({ code: 1, fault: 'unreadable' });
  });

  it('is the database’s own where there is no pg_dump: said, and nothing is overdue', async () => {
    env = { ...env, PATH: programs({}) };
    const { code, stdout } = await callCommand(['backup'], { env });
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/pg_dump is not installed.*the database’s own/),
    ]);
    expect(files()).toEqual([]);
    const { lastSuccess, backupBytes } = await createJobRuns(db).history();
    expect([typeof lastSuccess.backup, backupBytes]).toEqual(['number', 0]);
    expect((await callCommand(['doctor'], { env })).stdout).toContain('There is no pg_dump here');
    expect(await call('backup', '--portable')).toMatchObject({
      code: 0,
      file: expect.stringMatching(/\.db$/),
    });
  });

  it('says plainly that pg_dump is too old, and leaves no file', async () => {
    const old = `echo 'pg_dump: error: aborting because of server version mismatch' >&2
echo 'pg_dump: detail: server version: 17.2; pg_dump version: 15.18 (Debian 15.18-0+deb12u1)' >&2; exit 1`;
    env = { ...env, PATH: programs({ pg_dump: old }) };
    const { code, stderr } = await callCommand(['backup'], { env });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('pg_dump 15.18 is older than the server (PostgreSQL 17.2): install'),
    ]);
    expect(files()).toEqual([]);
  });

  it('ends with the service: a dump under way leaves no file', async () => {
    const bin = programs({
      pg_dump: `for last; do case "$last" in --file=*) echo half > "\${last#--file=}";; esac; done; /bin/sleep 60`,
    });
    const stopping = new AbortController();
    const maintenance = createDatabaseMaintenance(db, { url, env: { PATH: bin }, signal: stopping.signal });
    const running = maintenance.backup(env.BACKUP_DIR ?? '', 1, NOW);
    const seen = running.catch((error: Error) => error.message);
    while (
      (
        await Promise.resolve()
          .then(files)
          .catch(() => [])
      ).length === 0
    )
      await sleep(10);
    expect(files()).toEqual([expect.stringMatching(/^\.pingui-backup-.*\.dump\..*\.tmp$/)]);
    stopping.abort();
    expect(await seen).toBe('pg_dump was ended before it was done');
    expect(files()).toEqual([]);
  });

  it('shows no password to other users of the machine', async () => {
    const bin = programs({
      pg_dump: `echo "$@" "$PGUSER" "$PGPASSWORD" "\${BOT_TOKEN-none}" > "$PGDATABASE"; exit 1`,
    });
    const seen = join(databases.dir, `seen-${runs}`);
    const secret = url
      .replace('postgres@', 'me:s3cret%2F@')
      .replace(/\/test\d+\?/, `/${encodeURIComponent(seen)}?`);
    const maintenance = createDatabaseMaintenance(db, {
      url: secret,
      env: { PATH: `${bin}${delimiter}/bin`, BOT_TOKEN: 'token' },
    });
    await expect(maintenance.backup(env.BACKUP_DIR ?? '', 1, NOW)).rejects.toThrow('ended with 1');
    const [args, rest] = readFileSync(seen, 'utf8').split(' me ');
    expect(args).not.toContain('s3cret');
    expect(rest).toBe('s3cret/ none\n');
  });
});

describe('the address of a PostgreSQL, for libpq', () => {
  it.each([
    [
      'postgres://a:b%40c@db.example.com:5433/x',
      { PGHOST: 'db.example.com', PGPORT: '5433', PGUSER: 'a', PGPASSWORD: 'b@c', PGDATABASE: 'x' },
    ],
    [
      'postgres://a@localhost/x?host=/run/pg&password=q',
      { PGHOST: '/run/pg', PGUSER: 'a', PGPASSWORD: 'q', PGDATABASE: 'x' },
    ],
    ['postgres://h/x?sslmode=no-verify', { PGHOST: 'h', PGDATABASE: 'x', PGSSLMODE: 'require' }],
    [
      'postgres://h/x?sslmode=verify-full&sslrootcert=/ca.pem&application_name=y',
      { PGHOST: 'h', PGDATABASE: 'x', PGSSLMODE: 'verify-full', PGSSLROOTCERT: '/ca.pem' },
    ],
  ])('%s', (address, variables) => {
    expect(libpqVariables(address)).toEqual(variables);
  });
});
