import { createBot } from '../bot/bot.ts';
import { createLease } from '../bot/lease.ts';
import { createPoller } from '../bot/poller.ts';
import { createWebhook, deriveWebhookSecret } from '../bot/webhook.ts';
import type { Part } from '../ops/lifecycle.ts';
import type { TelegramSender } from '../services/ports.ts';
import { createTelegramClient } from '../telegram/connection.ts';
import { createTelegramSender } from '../telegram/sender.ts';
import { publicUrl } from './public-url.ts';
import { startSandbox } from './sandbox.ts';
import type { Wiring } from './wiring.ts';

/** A Telegram of our own, which must have started before anything talks to Telegram. */
export function sandboxPart({ running, get }: Wiring): Part {
  return {
    name: 'sandbox',
    async start() {
      running.sandbox = await startSandbox();
    },
    stop: () => get('sandbox').stop(),
  };
}

export function createSender(wiring: Wiring): TelegramSender {
  const { timeoutMs } = wiring.config.telegram;
  const telegram = createTelegramClient({ ...telegramAccess(wiring), timeoutMs });
  return createTelegramSender({ telegram, timeoutMs });
}

export function botPart(wiring: Wiring): Part {
  const { running, get } = wiring;
  return {
    name: 'bot',
    async start() {
      running.updates = createUpdates(wiring);
      running.updates.start();
    },
    stop: () => get('updates').stop(),
    // Of 10 s it gets 1.5 s: a Redis that does not answer takes a second to give the lease back to (bot/lease.ts).
    stopWeight: 2,
  };
}

/** The bot, and how it gets its updates. */
function createUpdates(wiring: Wiring) {
  const { config, clock, get } = wiring;
  const { integrations, alerts, cipher } = get('useCases');
  const logger = wiring.log.child('bot');
  const access = telegramAccess(wiring);
  const bot = createBot({
    ...access,
    timeoutMs: config.telegram.timeoutMs,
    integrations,
    alerts,
    clock,
    logger,
    hashChat: cipher.hashChat,
    publicUrl: () => publicUrl(config, wiring.running.address),
    dailyLimit: config.maxAlerts,
    timeZone: config.timeZone,
  });
  if (config.webhook === undefined) {
    const lease = createLease(get('redis').fast, `${config.redis.prefix}:poller`, { logger });
    return createPoller({ bot, lease, logger, clock });
  }
  const { url, secret = deriveWebhookSecret(access.token) } = config.webhook;
  return createWebhook({ bot, url, secret, logger, clock });
}

function telegramAccess({ config, get }: Wiring): { token: string; apiRoot: string } {
  return config.mode.kind === 'telegram'
    ? { token: config.mode.botToken, apiRoot: config.telegram.apiRoot }
    : { token: get('sandbox').botToken, apiRoot: get('sandbox').apiRoot };
}
