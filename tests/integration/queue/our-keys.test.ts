import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRedis } from '../../../src/redis/connect.ts';
import { alertJob } from '../../support/dispatch.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createTurnRig } from './turn-rig.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

const LUA = join(import.meta.dirname, '../../../src/queue/lua');
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

it('our scripts touch keys of ours alone, whatever an alert goes through', async () => {
  const ours = new Set(readdirSync(LUA).map((name) => sha1(readFileSync(join(LUA, name), 'utf8'))));
  const client = connectRedis(server.connection, 'patient', () => undefined);
  // The test's server is a single one.
  const monitor = await (client as import('ioredis').Redis).monitor();
  /** Keys that our scripts touched, by command. */
  const touched: string[] = [];
  let isOurs = false;
  let calls = 0;
  monitor.on('monitor', (_time: string, args: string[], source: string) => {
    const [command = '', first = '', , ...rest] = args;
    if (source === 'lua') {
      if (isOurs && command.toUpperCase() !== 'TIME') touched.push(first);
      return;
    }
    const isScript = /^eval(sha)?$/i.test(command);
    isOurs = isScript && (ours.has(first) || ours.has(sha1(first)));
    if (isOurs) {
      calls += 1;
      touched.push(...rest.slice(0, Number(args[2])));
    }
  });

  const rig = await createTurnRig(server);
  await rig.add('a1', 'aa');
  await rig.add('a2', 'aa', { isGroup: true });
  await rig.add('h1', 'aa', { priority: 'high' });
  await rig.add('s1', 'bb', { deliverAt: Date.now() + 50 });
  await rig.defer(1);
  await rig.dispatch.pace.block('aa', 1);
  await rig.dispatch.pace.block('bb', 1);
  await rig.alerts.drop(['a2'], true);
  await rig.alerts.addAgain(alertJob('a2', 'aa'), null);
  await expect.poll(() => Date.now()).toBeGreaterThan(0);
  await rig.sendAll();
  const { prefix } = rig.dispatch;
  await expect.poll(() => calls).toBeGreaterThan(10);
  await rig.close();
  monitor.disconnect();
  client.disconnect();

  expect(touched.filter((key) => !key.startsWith(`${prefix}:dispatch:`))).toEqual([]);
});
