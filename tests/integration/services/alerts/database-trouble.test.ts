import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../../../src/crypto/tokens.ts';
import { AppError } from '../../../../src/domain/errors.ts';
import { freePort } from '../../../support/free-port.ts';
import { startTestPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createRig, type Rig, request, tally } from '../rig.ts';

/** The contract's 1.5 s, and what a busy machine adds to it, in ms. */
const PROMPT_MS = 3_000;
/** Alerts a day, where 10 are too few. */
const LIMIT = 500;

let server: TestRedis;
let postgres: TestPostgres | undefined;
let rig: Rig;
beforeAll(async () => {
  [server, postgres] = await Promise.all([startTestRedis(), startTestPostgres()]);
});
afterEach(() => rig.close());
afterAll(async () => {
  await Promise.all([server.stop(), postgres?.stop()]);
});

async function refusals(senderId: number, tokenHash: string | null, count = 5) {
  const began = performance.now();
  const calls = Array.from({ length: count }, () =>
    rig.alerts.accept({ id: senderId, tokenHash }, request(), {}),
  );
  return { counts: await tally(calls), tookMs: performance.now() - began };
}

/** Nothing of what was refused is left: no entry that could be sent, no unit taken. */
async function expectNothingAccepted(id: number, accepted: number, limit = 10): Promise<void> {
  await expect
    .poll(async () => [await rig.left(id), Number((await rig.db.knex('Alerts').count({ n: '*' }))[0]?.n)], {
      timeout: 15_000,
    })
    .toEqual([limit - accepted, accepted]);
  expect((await rig.queue.counts()).pending).toBe(accepted);
}

async function succeedsSoon(id: number, tokenHash: string | null): Promise<void> {
  await expect
    .poll(async () => tally([rig.alerts.accept({ id, tokenHash }, request(), {})]), { timeout: 15_000 })
    .toEqual({ ok: 1 });
}

/** Another program holds SQLite's write lock while `work` runs. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const other = new sqlite3.Database(rig.file);
  const run = (sql: string) =>
    new Promise<void>((resolve, reject) => other.exec(sql, (error) => (error ? reject(error) : resolve())));
  await run('BEGIN IMMEDIATE');
  try {
    return await work();
  } finally {
    await run('ROLLBACK');
    await new Promise<void>((resolve) => other.close(() => resolve()));
  }
}

it('a locked SQLite file: refused within 1.5 s, nothing is accepted later', async () => {
  rig = await createRig(server);
  const { integration } = await rig.integrate();
  const began = performance.now();
  const bad = new AppError('invalid_request', 'A field is missing.');
  const [{ counts, tookMs }, told, toldMs] = await whileLocked(async () => {
    // A bad request waits for no lock either, though SQLite's only connection does.
    const [refused, answer] = await Promise.all([
      refusals(integration.id, integration.tokenHash),
      rig.alerts.refuse({ ...integration, isSetup: false }, bad, {}),
    ]);
    return [refused, answer, performance.now() - began];
  });
  expect(counts).toEqual({ database_unavailable: 5 });
  expect(tookMs).toBeLessThan(PROMPT_MS);
  expect([told.code, toldMs < PROMPT_MS]).toEqual(['database_unavailable', true]);
  await expectNothingAccepted(integration.id, 0);
  await succeedsSoon(integration.id, integration.tokenHash);
});

it('a locked SQLite file: every other call is refused within 1.5 s, and no token is lost by it', async () => {
  rig = await createRig(server);
  const { integrations, alerts, tokens } = rig;
  const { integration, token } = await rig.integrate();
  const setup = await integrations.issueSetupToken(2002);
  const exchange = () => integrations.create(tokens.verify(setup.token), hashToken(setup.token), {});
  const { integration: revocable } = await rig.integrate(2003);
  const { id } = await alerts.accept(integration, request(), {});
  await rig.endAsKept(id, 'failed');
  const prompt = async (calls: () => Promise<unknown>[]) => {
    const began = performance.now();
    const counts = await whileLocked(() => tally(calls()));
    return { counts, isPrompt: performance.now() - began < PROMPT_MS };
  };
  const others = () => [
    // Takes SQLite's only connection and waits for the lock; the others wait for the connection.
    integrations.rotate(integration),
    integrations.authenticate(tokens.verify(token), integration.tokenHash ?? ''),
    integrations.revoke(revocable),
    alerts.get(integration, id),
    alerts.waitForEnd(integration, id, 30, new AbortController().signal),
    alerts.resend({ integration }, id),
  ];
  expect(await prompt(others)).toEqual({ counts: { database_unavailable: 6 }, isPrompt: true });
  expect(await prompt(() => [exchange()])).toEqual({ counts: { database_unavailable: 1 }, isPrompt: true });
  // What came through after all is undone: both tokens are as good as before.
  await expect.poll(() => tally([exchange()]), { timeout: 15_000, interval: 200 }).toEqual({ ok: 1 });
  await expect
    .poll(() => tally([integrations.rotate(integration)]), { timeout: 15_000, interval: 200 })
    .toEqual({ ok: 1 });
});

it('a full disk: refused as database_unavailable, nothing is accepted later, and it recovers', async ({
  skip,
}) => {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', dir], { stdio: 'pipe' });
  } catch {
    rmSync(dir, { recursive: true, force: true });
    rig = await createRig(server);
    return skip('a tmpfs cannot be mounted here: the full disk is not tested');
  }
  try {
    rig = await createRig(server, { file: join(dir, 'pingui.db'), dailyLimit: LIMIT });
    const { integration } = await rig.integrate();
    const post = async () => {
      const { counts } = await refusals(integration.id, integration.tokenHash, 1);
      return counts;
    };
    const { bavail, bsize } = statfsSync(dir);
    writeFileSync(join(dir, 'filler'), Buffer.alloc(bavail * bsize));
    let accepted = 0;
    // What SQLite's log has room for within its file is used up first.
    for (;;) {
      const counts = await post();
      if (counts.ok === undefined) {
        expect(counts).toEqual({ database_unavailable: 1 });
        break;
      }
      accepted += 1;
      expect(accepted).toBeLessThan(LIMIT);
    }
    expect(await post()).toEqual({ database_unavailable: 1 });
    rmSync(join(dir, 'filler'));
    await expectNothingAccepted(integration.id, accepted, LIMIT);
    expect(await post()).toEqual({ ok: 1 });
    await expectNothingAccepted(integration.id, accepted + 1, LIMIT);
  } finally {
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true, force: true });
  }
});

it('a sender that has hung up while the database was slow is not served', async () => {
  rig = await createRig(server);
  const { integration } = await rig.integrate();
  const sender = { id: integration.id, tokenHash: integration.tokenHash };
  const call = rig.alerts.accept(sender, request(), { isGone: () => true });
  expect(await tally([call])).toEqual({ database_unavailable: 1 });
  await expectNothingAccepted(integration.id, 0);
});

describe('PostgreSQL', () => {
  let proxy: SilentProxy | undefined;
  afterEach(() => proxy?.close());

  /** A rig whose database is behind a new `proxy`, with an integration. */
  async function behindProxy({ createMigrated }: NonNullable<typeof postgres>) {
    const url = new URL(await createMigrated());
    const between = await startSilentProxy(`${url.searchParams.get('host')}/.s.PGSQL.5432`);
    proxy = between;
    rig = await createRig(server, {
      database: `postgres://postgres@127.0.0.1:${between.port}${url.pathname}`,
    });
    return { between, integration: (await rig.integrate()).integration };
  }

  it('behind a network that swallows everything: refused within 1.5 s, and well again within seconds', async ({
    skip,
  }) => {
    if (postgres === undefined) return skip('PostgreSQL is not installed');
    const { between, integration } = await behindProxy(postgres);
    between.swallow(true);
    for (let round = 0; round < 2; round += 1) {
      const { counts, tookMs } = await refusals(integration.id, integration.tokenHash);
      expect(counts).toEqual({ database_unavailable: 5 });
      expect(tookMs).toBeLessThan(PROMPT_MS);
    }
    between.swallow(false);
    await succeedsSoon(integration.id, integration.tokenHash);
    await expectNothingAccepted(integration.id, 1);
  });

  it('that is away: refused at once, connection by connection, and well again when it is back', async ({
    skip,
  }) => {
    if (postgres === undefined) return skip('PostgreSQL is not installed');
    const { between, integration } = await behindProxy(postgres);
    await between.close();
    for (let round = 0; round < 2; round += 1) {
      const { counts, tookMs } = await refusals(integration.id, integration.tokenHash);
      expect(counts).toEqual({ database_unavailable: 5 });
      expect(tookMs).toBeLessThan(PROMPT_MS);
    }
    await between.open();
    await succeedsSoon(integration.id, integration.tokenHash);
    await expectNothingAccepted(integration.id, 1);
  });

  it('that is read-only: refused, and goes on when it is not', async ({ skip }) => {
    if (postgres === undefined) return skip('PostgreSQL is not installed');
    const url = await postgres.createMigrated();
    rig = await createRig(server, { database: url });
    const { integration } = await rig.integrate();
    const name = new URL(url).pathname.slice(1);
    const setReadOnly = async (value: 'on' | 'off') => {
      await rig.db.knex.raw(
        'BEGIN READ WRITE; ALTER DATABASE ?? SET default_transaction_read_only = ??; COMMIT',
        [name, value],
      );
      await rig.db.knex.raw(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()',
        [name],
      );
      await rig.db.knex.raw(`SET default_transaction_read_only = ${value}`);
    };
    await setReadOnly('on');
    expect((await refusals(integration.id, integration.tokenHash)).counts).toEqual({
      database_unavailable: 5,
    });
    await setReadOnly('off');
    await succeedsSoon(integration.id, integration.tokenHash);
    await expectNothingAccepted(integration.id, 1);
  });
});

interface SilentProxy {
  readonly port: number;
  /** True: what comes is read and goes nowhere, in both directions, as behind a black hole. */
  swallow(isOn: boolean): void;
  /** Connections are refused from now on. */
  close(): Promise<void>;
  /** Takes connections again, at its port. */
  open(): Promise<void>;
}

/** @param path of the server's Unix socket */
async function startSilentProxy(path: string): Promise<SilentProxy> {
  let isSwallowing = false;
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    let isDead = false;
    from.on('data', (chunk) => {
      // A connection that lost something never recovers.
      isDead ||= isSwallowing;
      if (!isDead) to.write(chunk);
    });
    from.on('close', () => to.destroy());
    from.on('error', () => undefined);
  };
  const proxy: Server = createServer((client) => {
    const upstream = connectTcp(path);
    pass(client, upstream);
    pass(upstream, client);
  });
  // None that the system gives away: it is to be had again.
  const port = await freePort();
  const open = () => new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  await open();
  return {
    port,
    open,
    swallow: (isOn) => {
      isSwallowing = isOn;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => proxy.close(() => resolve()));
    },
  };
}
