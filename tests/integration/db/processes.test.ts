import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import { connectDatabase, type Database } from '../../../src/db/engine/connect.ts';
import { migrate } from '../../../src/db/engine/migrate.ts';
import { createMigrationSource } from '../../../src/db/engine/migration-source.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import { bundled } from '../../support/bundled.ts';
import { DAY_MS, NOW, newAlert, startDatabases } from './databases.ts';

const databases = await startDatabases();
afterAll(() => databases.stop());

const WORKER = new URL('worker-process.ts', import.meta.url);
const CONNECTIONS = 4;
/** A process needs a second of processor time to start. */
const PROCESSES = 3;

/** Connections to one database, each as a process of its own has it; two at least. */
async function connect(url: string, count: number): Promise<[Database, Database, ...Database[]]> {
  const open = () => connectDatabase(parseDatabaseUrl(url));
  const connections: [Database, Database, ...Database[]] = [await open(), await open()];
  while (connections.length < count) connections.push(await open());
  return connections;
}

/** The next message of every child; fails with a child that ends instead. */
async function answers(children: readonly ChildProcess[]): Promise<unknown[]> {
  return Promise.all(
    children.map(async (child) => {
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`a worker process ended with ${code}`);
      });
      const [message] = await Promise.race([once(child, 'message'), ended]);
      return message;
    }),
  );
}

async function nextStep(children: readonly ChildProcess[]): Promise<unknown[]> {
  const next = answers(children);
  for (const child of children) child.send('go on');
  return next;
}

describe.each(databases.kinds)('several processes on one $name database', ({ createUrl }) => {
  it('migrate once, accept exactly the quota, and reset it once per slot', async () => {
    const url = await createUrl();
    const script = await bundled(WORKER);
    const children = Array.from({ length: PROCESSES }, (_, index) => fork(script, [url, `process-${index}`]));
    try {
      const migrated = (await answers(children)) as { migrated: number }[];
      const all = (await createMigrationSource().getMigrations([])).length;
      expect(migrated.map((one) => one.migrated).sort()).toEqual([0, 0, all]);

      const db = await connectDatabase(parseDatabaseUrl(url));
      const repository = createIntegrationRepository(db);
      const { id } = await repository.insertPending(-5, 'x', 10, NOW);
      expect(id).toBe(1);
      await db.knex('Integrations').update({ status: 'active' });

      const accepted = (await nextStep(children)) as { accepted: number }[];
      expect(accepted.reduce((sum, one) => sum + one.accepted, 0)).toBe(10);
      expect(await db.knex('Alerts')).toHaveLength(10);
      expect((await repository.findById(id))?.rateLimit).toBe(0);

      const reset = (await nextStep(children)) as { reset: number | null }[];
      expect(reset.map((one) => one.reset).sort()).toEqual([1, null, null]);
      expect((await repository.findById(id))?.rateLimit).toBe(10);
      await db.close();
    } finally {
      const exits = children.map((child) => child.exitCode ?? once(child, 'exit'));
      for (const child of children) {
        if (child.connected) child.send('go on');
        if (child.exitCode === null) setTimeout(() => child.kill(), 2_000).unref();
      }
      await Promise.all(exits);
    }
  });
});

describe.each(databases.kinds)(
  'several connections to one $name database',
  ({ createUrl, createMigratedUrl }) => {
    it('accept exactly the quotas of several integrations, whatever the order', async () => {
      const url = await createMigratedUrl();
      const dbs = await connect(url, CONNECTIONS);
      const [db] = dbs;
      const repository = createIntegrationRepository(db);
      const ids: number[] = [];
      for (let n = 0; n < 3; n += 1) ids.push((await repository.insertPending(-n, 'x', 10, NOW)).id);
      await db.knex('Integrations').update({ status: 'active' });

      const ledgers = dbs.map((one) => createAlertLedger(one, { idempotencyWindowMs: DAY_MS }));
      const results = await Promise.all(
        ledgers.flatMap((ledger, connection) =>
          Array.from({ length: 150 }, async (_, call) => {
            // Another order of integrations on every connection: locks taken in call order would wait for each other.
            const integrationId = ids[(connection % 2 === 0 ? call : 149 - call) % 3] ?? 0;
            return { integrationId, kind: (await ledger.accept(newAlert(integrationId))).kind };
          }),
        ),
      );
      for (const id of ids) {
        const own = results.filter(({ integrationId }) => integrationId === id);
        expect(own.filter(({ kind }) => kind === 'accepted')).toHaveLength(10);
        expect(own.filter(({ kind }) => kind === 'quota_exhausted')).toHaveLength(own.length - 10);
        expect((await repository.findById(id))?.rateLimit).toBe(0);
      }
      await Promise.all(dbs.map((one) => one.close()));
    });

    it('accept an idempotency key once', async () => {
      const url = await createMigratedUrl();
      const dbs = await connect(url, 3);
      const [db] = dbs;
      const repository = createIntegrationRepository(db);
      const { id } = await repository.insertPending(-1, 'x', 10, NOW);
      await db.knex('Integrations').update({ status: 'active' });
      const calls = dbs.flatMap((one) => {
        const ledger = createAlertLedger(one, { idempotencyWindowMs: DAY_MS });
        return [1, 2, 3].map(() =>
          ledger.accept(newAlert(id, { idempotency: { keyHash: 'k', bodyHash: 'b' } })),
        );
      });
      const results = await Promise.all(calls);
      expect(results.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
      const repeated = results.flatMap((one) => (one.kind === 'repeated' ? [one.record.id] : []));
      expect(repeated).toHaveLength(8);
      expect(new Set(repeated).size).toBe(1);
      expect((await repository.findById(id))?.rateLimit).toBe(9);
      await Promise.all(dbs.map((one) => one.close()));
    });

    it('activate a setup token once', async () => {
      const url = await createMigratedUrl();
      const dbs = await connect(url, 3);
      const repositories = dbs.map(createIntegrationRepository);
      const first = createIntegrationRepository(dbs[0]);
      const { id } = await first.insertPending(-1, 'x', 10, NOW);
      await first.storeSetupToken(id, 'x', 'a'.repeat(64), NOW + 1, NOW);
      const calls = repositories.flatMap((repository, index) =>
        Array.from({ length: 17 }, (_, call) =>
          repository.activate(id, 'a'.repeat(64), {
            tokenHash: `${index} ${call}`,
            scope: '',
            name: null,
            expiresAt: NOW,
            now: NOW,
            maxPerChat: 20,
          }),
        ),
      );
      expect((await Promise.all(calls)).filter((one) => one !== undefined)).toHaveLength(1);
      await Promise.all(dbs.map((one) => one.close()));
    });

    it('keep every alert that was accepted while its integration was revoked, and end it', async () => {
      const url = await createMigratedUrl();
      const dbs = await connect(url, 2);
      const repository = createIntegrationRepository(dbs[0]);
      const { id } = await repository.insertPending(-1, 'x', 1_000, NOW);
      await dbs[0].knex('Integrations').update({ status: 'active' });
      const ledger = createAlertLedger(dbs[1], { idempotencyWindowMs: DAY_MS });
      const accepts: Promise<{ kind: string }>[] = [];
      for (let n = 0; n < 20; n += 1) {
        const accept = ledger.accept(newAlert(id));
        accepts.push(accept);
        // One is in before the integration is revoked, however busy the machine is.
        if (n === 0) await accept;
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (n === 10) await repository.revoke(id, NOW);
      }
      const accepted = (await Promise.all(accepts)).filter(({ kind }) => kind === 'accepted').length;
      expect(accepted).toBeGreaterThan(0);
      expect(await ledger.countByStatus()).toMatchObject({ queued: 0, failed: accepted });
      expect(await ledger.accept(newAlert(id))).toMatchObject({ kind: 'not_active' });
      await Promise.all(dbs.map((one) => one.close()));
    });

    it('migrate at the same time without harm', async () => {
      const url = await createUrl();
      const dbs = await connect(url, CONNECTIONS);
      const ran = await Promise.all(dbs.map((one) => migrate(one)));
      expect(ran.filter((names) => names.length > 0)).toHaveLength(1);
      await Promise.all(dbs.map((one) => one.close()));
    });
  },
);
