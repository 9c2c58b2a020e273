import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedUpdates, startUpdates } from '../../../src/app/bot.ts';
import { createContext } from '../../../src/app/context.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { createLogger } from '../../../src/ops/logger.ts';
import { type BotApiDouble, createBotApiDouble } from '../../../src/sandbox/bot-api-double.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createRig, type Rig, SECRET } from '../services/rig.ts';

const ONE = '111111:the-token-of-one';
const OTHER = '222222:the-token-of-another';

let server: TestRedis;
let rig: Rig;
const doubles: BotApiDouble[] = [];
const started: StartedUpdates[] = [];
beforeEach(async () => {
  server = await startTestRedis();
  rig = await createRig(server);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((updates) => updates.stop()));
  await Promise.all(doubles.splice(0).map((double) => double.stop()));
  await rig.close();
  await server.stop();
});

async function startTelegram(token: string): Promise<BotApiDouble> {
  const double = createBotApiDouble({ token });
  doubles.push(double);
  await double.start();
  return double;
}

/** The bot of one process of the service; all of them share Redis and QUEUE_PREFIX. */
async function startBot(token: string, { apiRoot }: BotApiDouble): Promise<StartedUpdates> {
  const config = loadConfig(
    { ROLES: 'bot', BOT_TOKEN: token, JWT_SECRET: SECRET, REDIS_URL: server.url, QUEUE_PREFIX: rig.prefix },
    () => '',
  );
  const log = createLogger({ level: 'fatal', destination: { write: () => undefined } }).child('app');
  const updates = await startUpdates({
    context: createContext(
      { config, log, clock: rig.clock, env: {}, host: process },
      new AbortController().signal,
    ),
    core: rig.core,
    redis: { fast: rig.fast, patient: rig.fast, subscriber: rig.fast, close: async () => undefined },
    access: { token, apiRoot },
    url: () => 'http://127.0.0.1:1',
  });
  started.push(updates);
  return updates;
}

it('two bots poll beside each other; of the processes of one bot only one does', async () => {
  const [telegram, another] = await Promise.all([startTelegram(ONE), startTelegram(OTHER)]);
  const first = await startBot(ONE, telegram);
  await expect.poll(() => first.state().state, { timeout: 10_000 }).toBe('polling');
  const other = await startBot(OTHER, another);
  await expect.poll(() => other.state().state, { timeout: 10_000 }).toBe('polling');
  const second = await startBot(ONE, telegram);
  await expect.poll(() => second.state().state, { timeout: 10_000 }).toBe('standby');
  expect(first.state().state).toBe('polling');
  // Named by the bot's id, which is no secret, and by nothing else of its token.
  expect((await rig.fast.keys('*poller*')).sort()).toEqual([
    `${rig.prefix}:poller:111111`,
    `${rig.prefix}:poller:222222`,
  ]);
});
