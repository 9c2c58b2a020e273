import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

/** A command of a fast connection fails after 1 s. */
const LIMIT_MS = 1_000;

let server: TestRedis;
let client: RedisClient;
beforeAll(async () => {
  server = await startTestRedis();
  client = connectRedis(server.connection, 'fast', () => undefined);
  await new Promise((resolve) => client.once('ready', resolve));
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

it('a fast connection counts what was answered while this thread was busy', async () => {
  const answers = Promise.all([client.set('k', 'v'), client.multi().get('k').exec()]);
  // Written to the socket at once, answered within a millisecond, read by nobody.
  await new Promise(setImmediate);
  const until = performance.now() + LIMIT_MS + 200;
  while (performance.now() < until);
  expect(await answers).toEqual(['OK', [[null, 'v']]]);
});

it('a fast connection gives up a command after a second, and goes on when Redis does', async () => {
  server.freeze();
  const began = performance.now();
  const failures = await Promise.allSettled([client.get('k'), client.multi().get('k').exec()]);
  expect(performance.now() - began).toBeGreaterThan(LIMIT_MS - 5);
  server.thaw();
  expect(failures.map((failure) => failure.status === 'rejected' && failure.reason.message)).toEqual([
    'Command timed out',
    'Command timed out',
  ]);
  expect(await client.get('k')).toBe('v');
});
