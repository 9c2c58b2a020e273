import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProcessList, startPresence } from '../../../src/queue/processes.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const PREFIX = '{presence}';
let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.connection);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

it('lists the processes that are alive, leaves out one that stopped and one that was killed', async () => {
  const list = createProcessList(redis, PREFIX);
  const start = (role: string, startedAt: number) =>
    startPresence({ redis, prefix: PREFIX, process: { roles: [role], version: '1.2.3', startedAt } });
  const roles = async () => (await list()).map((one) => one.roles[0]);
  const worker = start('worker', 2);
  const api = start('api', 1);
  await expect.poll(roles).toEqual(['api', 'worker']);
  expect((await list())[0]).toEqual({
    id: expect.any(String),
    roles: ['api'],
    version: '1.2.3',
    startedAt: 1,
  });
  await worker.stop();
  expect(await roles()).toEqual(['api']);
  // A killed one says nothing any more.
  const [member = ''] = await redis.zrange(`${PREFIX}:processes`, '0', '-1');
  const [seconds = 0] = (await redis.time()).map(Number);
  await redis.zadd(`${PREFIX}:processes`, (seconds - 16) * 1_000, member.replace('api', 'killed'));
  expect(await roles()).toEqual(['api']);
  await api.stop();
  expect(await roles()).toEqual([]);
});
