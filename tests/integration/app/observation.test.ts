import { afterAll, beforeAll, expect, it } from 'vitest';
import { createContext } from '../../../src/app/context.ts';
import { startObservation } from '../../../src/app/observation.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { createLogger } from '../../../src/ops/logger.ts';
import { type BotApiDouble, createBotApiDouble } from '../../../src/sandbox/bot-api-double.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createRig, SECRET } from '../services/rig.ts';

const TOKEN = '424242:a-token-of-the-double';

let server: TestRedis;
let double: BotApiDouble;
beforeAll(async () => {
  double = createBotApiDouble();
  [server] = await Promise.all([startTestRedis(), double.start()]);
});
afterAll(() => Promise.all([server.stop(), double.stop()]));

it('an API whose scheduler is gone is ready but degraded: no upkeep, then no reset, then no backup', async () => {
  const rig = await createRig(server);
  rig.setTime('2026-11-24T12:00:00Z');
  // What a scheduler has left behind.
  await rig.maintenance.catchUp();
  await rig.upkeep.upkeep();
  const config = loadConfig(
    { ROLES: 'api', BOT_TOKEN: TOKEN, JWT_SECRET: SECRET, REDIS_URL: server.url, QUEUE_PREFIX: rig.prefix },
    () => '',
  );
  const log = createLogger({ level: 'fatal', destination: { write: () => undefined } }).child('app');
  const context = createContext(
    { config, log, clock: rig.clock, env: {}, host: process },
    new AbortController().signal,
  );
  const { health, stop } = await startObservation({
    context,
    core: rig.core,
    access: { token: TOKEN, apiRoot: double.apiRoot },
    worker: undefined,
    updates: undefined,
  });
  /** The status of the whole, and what the jobs' check says. Its answers hold for a second. */
  const told = async () => {
    rig.advance(1_001);
    const { status, checks } = await health.ready();
    const { jobs } = checks as Record<string, { status: string; reason?: string }>;
    return [status, jobs?.reason ?? jobs?.status];
  };
  try {
    expect(await told()).toEqual(['ok', 'ok']);
    rig.advance(62_000);
    expect(await told()).toEqual(['degraded', 'upkeep_overdue']);
    await rig.upkeep.upkeep();
    expect(await told()).toEqual(['ok', 'ok']);

    rig.setTime('2026-11-25T00:06:00Z');
    await rig.upkeep.upkeep();
    expect(await told()).toEqual(['degraded', 'reset_overdue']);
    await rig.maintenance.resetQuotas();
    expect(await told()).toEqual(['ok', 'ok']);

    rig.setTime('2026-11-25T04:01:00Z');
    await rig.upkeep.upkeep();
    expect(await told()).toEqual(['degraded', 'backup_overdue']);
    await rig.maintenance.backup();
    expect(await told()).toEqual(['ok', 'ok']);
  } finally {
    stop();
    await rig.close();
  }
});
