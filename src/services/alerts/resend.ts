import { type AlertRecord, MAX_RESENDS } from '../../domain/alert.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import { type Integration, isGroupChat } from '../../domain/integration.ts';
import { refuseBlocked } from '../chats/refuse-blocked.ts';
import type { AlertLedger } from '../ports/alerts.ts';
import type { ChatRepository } from '../ports/chats.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { AlertQueue } from '../ports/queue.ts';
import type { QueueEntry } from './queue-entry.ts';
import { alertNotFound } from './refusals.ts';

/**
 * Resends a failed or uncertain alert, MAX_RESENDS times at most. Takes no quota: it was paid for when it was accepted.
 * @throws AppError not_found, not_resendable, integration_not_active, queue_full, queue_unavailable, database_unavailable
 */
export type Resend = (
  by: { integration: Pick<Integration, 'id'> } | 'operator',
  id: string,
) => Promise<AlertRecord>;

export function createResend(deps: {
  ledger: AlertLedger;
  queue: AlertQueue;
  queueEntry: QueueEntry;
  integrations: Pick<IntegrationRepository, 'findById'>;
  chats: Pick<ChatRepository, 'find'>;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  events: EventBus;
  clock: Clock;
}): Resend {
  const { ledger, queue, queueEntry, cipher, events, clock } = deps;

  return async (by, id) => {
    const record = await ledger.find(id);
    if (record === undefined || !isOf(by, record)) throw alertNotFound();
    const { status } = record;
    if (status !== 'failed' && status !== 'uncertain') {
      throw new AppError(
        'not_resendable',
        `Only failed and uncertain alerts can be sent again; this one is ${status}.`,
      );
    }
    if (record.resends >= MAX_RESENDS) throw resentTooOften();
    if (record.expiresAt !== null && record.expiresAt <= clock.now() && record.messageIds.length === 0) {
      throw new AppError('not_resendable', 'The ttl of this alert has passed. Send a new alert.');
    }
    const integration = await deps.integrations.findById(record.integrationId);
    if (integration?.status !== 'active') {
      throw new AppError('integration_not_active', 'The integration of this alert is no longer active.');
    }
    await refuseBlocked(deps.chats, integration.chatId);
    if (!(await queue.hasText(id))) throw textGone();
    if (!(await ledger.requeue(id, clock.now(), MAX_RESENDS))) {
      throw new AppError('not_resendable', 'This alert is already being sent again.');
    }
    const chat = cipher.hashChat(integration.chatId);
    const job = {
      ...{ alertId: id, integrationId: integration.id, chat, isGroup: isGroupChat(integration.chatId) },
      ...{ priority: record.priority, deliverAt: null, bytes: null },
    };
    await queueEntry.orRestore({ ...record, status }, () => queue.addAgain(job, null));
    events.emit('alert.resent', {
      alertId: id,
      integrationId: integration.id,
      chat,
      by: by === 'operator' ? 'operator' : 'sender',
    });
    return { ...record, status: 'queued', endedAt: null, reason: null, resends: record.resends + 1 };
  };
}

/** An operator may see to every alert. */
const isOf = (by: Parameters<Resend>[0], { integrationId }: AlertRecord) =>
  by === 'operator' || by.integration.id === integrationId;

function resentTooOften(): AppError {
  return new AppError(
    'not_resendable',
    `This alert has been sent again ${MAX_RESENDS} times already, which is the most. Send a new alert.`,
  );
}

function textGone(): AppError {
  return new AppError(
    'not_resendable',
    'The text of this alert is gone: it is kept for 24 h after the alert ended. Send a new alert.',
  );
}
