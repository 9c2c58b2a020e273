import { createBot } from '../bot/bot.ts';
import { createLease } from '../bot/updates/lease.ts';
import { createPoller } from '../bot/updates/poller.ts';
import type { UpdateSource } from '../bot/updates/update-source.ts';
import { createWebhook, deriveWebhookSecret, type WebhookHandler } from '../bot/updates/webhook.ts';
import { FREE_ADAPTERS } from '../ingest/adapters.ts';
import { createAnswerPace } from '../queue/answer-pace.ts';
import { createAgents } from '../telegram/agents.ts';
import { createCallReport } from '../telegram/call-report.ts';
import type { Context } from './context.ts';
import type { Core } from './core.ts';
import type { RedisConnections } from './redis.ts';
import type { TelegramAccess } from './telegram.ts';

/** The bot, and how it gets its updates; `handler`: where they come by webhook. */
export type StartedUpdates = UpdateSource & { readonly handler?: WebhookHandler };

export async function startUpdates(deps: {
  context: Context;
  core: Core;
  redis: RedisConnections;
  access: TelegramAccess;
  /** This service's own address, for the examples that the bot gives. */
  url: () => string;
}): Promise<StartedUpdates> {
  const { config, clock, log, events } = deps.context;
  const { integrations, alerts, acknowledgements, chats, keys, cipher } = deps.core;
  const logger = log.child('bot');
  const bot = createBot({
    ...deps.access,
    timeoutMs: config.telegram.timeoutMs,
    agents: createAgents({ ...deps.access, timeoutMs: config.telegram.timeoutMs }, true),
    onCall: createCallReport(events),
    integrations,
    alerts,
    keys,
    adapters: FREE_ADAPTERS,
    acknowledgements,
    chats,
    isInviteOnly: config.registration === 'invite',
    clock,
    logger,
    answerPace: createAnswerPace({ redis: deps.redis.fast, prefix: config.redis.prefix, ...config.worker }),
    hashChat: cipher.hashChat,
    publicUrl: deps.url,
    dailyLimit: config.maxAlerts,
    timeZone: config.timeZone,
  });
  deps.core.setUps.listen(async ({ integrationId, locale, keyId }) => {
    const integration = await deps.core.repository.findById(integrationId);
    if (integration === undefined) return;
    if (keyId === undefined) return bot.tellSetUp(integration, locale);
    const key = (await keys.list(integration)).find(({ id }) => id === keyId);
    // One that was revoked meanwhile is not worth a word.
    if (key !== undefined) await bot.tellSetUp(integration, locale, key);
  });
  const source = createSource();
  source.start();
  return source;

  function createSource(): StartedUpdates {
    if (config.webhook === undefined) {
      // A bot has one reader of its updates; the id before the colon is no secret.
      const [botId] = deps.access.token.split(':');
      const lease = createLease(deps.redis.fast, `${config.redis.prefix}:poller:${botId}`, { logger });
      return createPoller({ bot, lease, logger, clock });
    }
    const { url, secret = deriveWebhookSecret(deps.access.token) } = config.webhook;
    return createWebhook({ bot, url, path: webhookPath(url, config.publicUrl), secret, logger, clock });
  }
}

/** Where this process gets the updates: a path that PUBLIC_URL has before all others is the proxy's. */
function webhookPath(url: string, publicUrl: string | undefined): string {
  const { pathname } = new URL(url);
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
  return pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname;
}
