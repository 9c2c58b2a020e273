import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import { createDatabaseMaintenance } from '../../../src/db/backup/database-maintenance.ts';
import type { Database } from '../../../src/db/engine/connect.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import { createWriteCheck } from '../../../src/ops/checks/write-check.ts';
import { probeWrite } from '../../../src/queue/motion.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { startTestPostgres } from '../../support/postgres.ts';
import { startTestRedis } from '../../support/redis.ts';
import { openMigrated } from '../../support/sqlite.ts';
import { newAlert } from '../db/databases.ts';

const cleanUps: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const OK = { ok: true };
const clock = { now: Date.now };
const checkOf = (write: () => Promise<unknown>) =>
  createWriteCheck({
    write,
    clock,
    holdsMs: 0,
    provenAt: () => Number.NEGATIVE_INFINITY,
    isRefusing: () => false,
  });

/** The check of a database beside an accept on it. */
async function watch(db: Database) {
  cleanUps.push(() => db.close());
  const integration = await createIntegrationRepository(db).insertPending(1001, 'x', 1_000, Date.now());
  await db.knex('Integrations').update({ status: 'active' });
  const ledger = createAlertLedger(db, { idempotencyWindowMs: 1_000 });
  return {
    check: checkOf(() => createDatabaseMaintenance(db).probeWrite(clock.now())),
    accept: () => ledger.accept(newAlert(integration.id)),
    read: () => db.knex.raw('SELECT 1'),
  };
}

it('a full disk is told: reads go on, accepts and the check fail, both recover', async ({ skip }) => {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-full-'));
  cleanUps.push(() => rmSync(dir, { recursive: true, force: true }));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir], { stdio: 'pipe' });
  } catch {
    skip('a tmpfs cannot be mounted here: the full disk is not tested');
  }
  cleanUps.push(() => execFileSync('umount', ['-l', dir]));
  const { check, accept, read } = await watch(await openMigrated(`sqlite:${join(dir, 'pingui.db')}`));
  expect(await check()).toEqual(OK);
  await accept();
  const { bavail, bsize } = statfsSync(dir);
  writeFileSync(join(dir, 'filler'), Buffer.alloc(bavail * bsize));
  await expect(accept()).rejects.toMatchObject({ code: 'SQLITE_FULL' });
  await read();
  // The check writes less than an accept: what SQLite's log has room for within its file is used up first.
  await expect.poll(check, { timeout: 10_000, interval: 1 }).toEqual({ ok: false, reason: 'disk_full' });
  rmSync(join(dir, 'filler'));
  await accept();
  expect(await check()).toEqual(OK);
});

it('a PostgreSQL that is read-only is told', async ({ skip }) => {
  const postgres = await startTestPostgres();
  if (postgres === undefined) return skip('PostgreSQL is not installed');
  cleanUps.push(() => postgres.stop());
  const db = await openMigrated(await postgres.createDatabase());
  const { check, accept, read } = await watch(db);
  expect(await check()).toEqual(OK);
  /** For connections that are opened from now on. */
  const setReadOnly = async (value: 'on' | 'off') => {
    await db.knex.raw('SET default_transaction_read_only = off');
    const [name] = (await db.knex.raw('SELECT current_database() AS name')).rows;
    await db.knex.raw(`ALTER DATABASE ${name.name} SET default_transaction_read_only = ${value}`);
    await db.knex.destroy();
    db.knex.initialize();
  };
  await setReadOnly('on');
  await expect(accept()).rejects.toMatchObject({ code: '25006' });
  await read();
  expect(await check()).toEqual({ ok: false, reason: 'read_only' });
  await setReadOnly('off');
  await accept();
  expect(await check()).toEqual(OK);
});

it('a Redis that is out of memory, or a replica, is told', async () => {
  const server = await startTestRedis();
  cleanUps.push(() => server.stop());
  const redis = connectRedis(server.connection, 'fast', () => undefined);
  cleanUps.push(() => redis.disconnect());
  const check = checkOf(() => probeWrite(redis, '{write-check}'));
  await expect.poll(check).toEqual(OK);
  expect(await redis.pttl('{write-check}:health')).toBeGreaterThan(0);
  await redis.config('SET', 'maxmemory', '1');
  await redis.exists('any');
  expect(await check()).toEqual({ ok: false, reason: 'out_of_memory' });
  await redis.config('SET', 'maxmemory', '0');
  expect(await check()).toEqual(OK);
  await redis.call('REPLICAOF', '127.0.0.1', '1');
  expect(await check()).toEqual({ ok: false, reason: 'read_only' });
});
