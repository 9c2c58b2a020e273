import type { AlertPriority } from '../../domain/alert.ts';
import type { NewAlert } from '../ports/alerts.ts';

/** An entry of the ledger for a message that the service sends by itself: at most once, like any alert. */
export function noticeFor(
  id: string,
  of: {
    readonly integrationId: number;
    readonly threadId: number | null;
    readonly now: number;
    readonly silent: boolean;
    readonly priority?: AlertPriority;
    readonly expiresAt?: number;
  },
): NewAlert {
  return {
    ...{ id, integrationId: of.integrationId, createdAt: of.now, format: 'plain' },
    expiresAt: of.expiresAt ?? null,
    ...{ priority: of.priority ?? 'normal', silent: of.silent, threadId: of.threadId, deliverAt: null },
    ...{ sealedTags: null, hasButton: false, tokenHash: null, namedChatId: null, idempotency: null },
  };
}
