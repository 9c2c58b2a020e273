import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { pause } from '../../../src/async/pause.ts';
import { createSetUpSignal } from '../../../src/queue/set-up-signal.ts';
import { connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import type { SetUp } from '../../../src/services/ports/set-ups.ts';
import { eventually } from '../../support/bot-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let serial = 0;
const clients: RedisClient[] = [];
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(() => server.stop());

const connect = (kind: 'fast' | 'patient') => {
  const client = connectRedis(server.connection, kind, () => undefined);
  clients.push(client);
  return client;
};
/** A process of the service. */
const open = (prefix: string) =>
  createSetUpSignal({ publisher: connect('fast'), subscriber: connect('patient'), prefix });
const newPrefix = () => `{set-ups-${process.pid}-${++serial}}`;

/** Resolves once so many processes listen, and all of the test's are connected. */
const listening = async (prefix: string, count: number) => {
  const redis = connect('patient');
  for (const client of clients)
    await eventually(
      () =>
        client.status === 'ready' ||
        client.ping().then(
          () => true,
          () => false,
        ),
    );
  await eventually(async () => {
    const [, heard] = await redis.pubsub('NUMSUB', `${prefix}:set-up`);
    return Number(heard) === count;
  });
};

it('is heard in its own process before the publisher goes on, and then nowhere else', async () => {
  const prefix = newPrefix();
  const heard: SetUp[] = [];
  const elsewhere: SetUp[] = [];
  const own = open(prefix);
  open(prefix).listen(async (setUp) => void elsewhere.push(setUp));
  own.listen(async (setUp) => {
    await pause(50);
    heard.push(setUp);
  });
  await listening(prefix, 2);
  await own.publish({ integrationId: 1, locale: 'es-ES' });
  expect(heard).toEqual([{ integrationId: 1, locale: 'es-ES' }]);
  await pause(100);
  expect(elsewhere).toEqual([]);
});

it('waits half a second for a bot that hangs or fails, and no longer', async () => {
  const signal = open(newPrefix());
  const began = performance.now();
  signal.listen(() => new Promise(() => undefined));
  await signal.publish({ integrationId: 1, locale: undefined });
  expect(performance.now() - began).toBeLessThan(5_000);
  signal.listen(() => Promise.reject(new Error('no bot')));
  await signal.publish({ integrationId: 2, locale: undefined });
});

it('is heard by one bot of another process, and of several by one', async () => {
  const prefix = newPrefix();
  const heard: SetUp[] = [];
  for (let bots = 0; bots < 3; bots += 1) open(prefix).listen(async (setUp) => void heard.push(setUp));
  const api = open(prefix);
  await listening(prefix, 3);
  await api.publish({ integrationId: 7, locale: undefined });
  await api.publish({ integrationId: 8, locale: 'en-GB' });
  await eventually(() => heard.length >= 2);
  await pause(100);
  expect(heard.toSorted((a, b) => a.integrationId - b.integrationId)).toEqual([
    { integrationId: 7 },
    { integrationId: 8, locale: 'en-GB' },
  ]);
});

it('is lost without a bot, and without Redis', async () => {
  const prefix = newPrefix();
  const api = open(prefix);
  await api.publish({ integrationId: 1, locale: undefined });
  const heard: SetUp[] = [];
  const bot = open(prefix);
  bot.listen(async (setUp) => void heard.push(setUp));
  await listening(prefix, 1);
  // It came too late for the first one; what it hears now came after that.
  await api.publish({ integrationId: 2, locale: undefined });
  await eventually(() => heard.length > 0);
  for (const client of clients) client.disconnect();
  // The exchange that calls it has succeeded already: it neither fails nor waits.
  const began = performance.now();
  await expect(api.publish({ integrationId: 3, locale: undefined })).resolves.toBeUndefined();
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(heard).toEqual([{ integrationId: 2 }]);
});
