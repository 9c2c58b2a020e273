import { LRUCache } from 'lru-cache';
import type { EventBus } from '../../domain/events.ts';
import { type Integration, isGroupChat } from '../../domain/integration.ts';
import { nextReset } from '../../domain/quota.ts';
import { noticeFor } from '../incidents/notices.ts';
import type { AlertLedger } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { AlertQueue } from '../ports/queue.ts';

/** Refusals come in storms: an integration is looked up once a minute at most, in ms, of so many at a time. */
const LOOK_EVERY_MS = 60_000;
const MOST_LOOKED_UP = 10_000;

/**
 * Tells a chat once a day, silently, that an integration has used up its quota. It goes through the queue like an alert,
 * but takes no unit. Never throws: a chat that cannot be told now is not told today.
 */
export function createQuotaNotice(deps: {
  ledger: Pick<AlertLedger, 'addNotice' | 'end'>;
  queue: Pick<AlertQueue, 'add'>;
  integrations: Pick<IntegrationRepository, 'claimQuotaNotice' | 'findById'>;
  cipher: Pick<PayloadCipher, 'newAlertId' | 'seal'>;
  events: EventBus;
  clock: Clock;
  timeZone: string;
}): (integrationId: number, chat: string) => Promise<void> {
  const { ledger, queue, integrations, cipher, clock } = deps;
  const seen = new LRUCache<number, true>({ max: MOST_LOOKED_UP, ttl: LOOK_EVERY_MS });

  async function tell(integrationId: number, chat: string): Promise<void> {
    const now = clock.now();
    if (!(await integrations.claimQuotaNotice(integrationId, now))) return;
    deps.events.emit('quota.used_up', { integrationId, chat });
    const integration = await integrations.findById(integrationId);
    if (integration === undefined) return;
    const resetsAt = nextReset(now, deps.timeZone);
    const message = textOf(integration, resetsAt);
    const alert = noticeFor(cipher.newAlertId(), {
      ...{ integrationId, now, expiresAt: resetsAt },
      ...{ threadId: null, silent: true, priority: 'low' },
    });
    await ledger.addNotice(alert);
    const job = {
      ...{ alertId: alert.id, integrationId, chat, isGroup: isGroupChat(integration.chatId) },
      ...{ priority: alert.priority, deliverAt: null, bytes: Buffer.byteLength(message) },
    };
    await queue.add(job, cipher.seal({ message, format: 'plain' }, alert.id)).catch(async () => {
      await ledger.end(alert.id, ['queued'], { status: 'failed', reason: 'not_queued', now: clock.now() });
    });
  }

  return async (integrationId, chat) => {
    if (seen.has(integrationId)) return;
    seen.set(integrationId, true);
    await tell(integrationId, chat).catch(() => undefined);
  };
}

/** English, because only the bot knows which language a chat speaks. */
function textOf({ name, dailyLimit, overflow }: Integration, resetsAt: number): string {
  const alerts = dailyLimit === 1 ? "today's only alert" : `all ${dailyLimit} of today's alerts`;
  const at = new Date(resetsAt)
    .toISOString()
    .replace(/:\d\d\.\d+Z$/, ' UTC')
    .replace('T', ' ');
  const further = overflow === 'digest' ? 'Further ones for later' : 'Further ones';
  return `“${name}” has sent ${alerts}. ${further} are refused until ${at}. /quota shows what is left.`;
}
