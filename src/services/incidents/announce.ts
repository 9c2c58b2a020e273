import type { EventBus } from '../../domain/events.ts';
import type { EndedFold, LeadEnd } from '../ports/incidents.ts';
import type { EndedSignal } from '../ports/queue.ts';

/** Tells what became of alerts that ended with their incident's message. */
export function createAnnounce(deps: { events: EventBus; ended: Pick<EndedSignal, 'publish'> }) {
  const { events } = deps;
  return (
    folds: readonly EndedFold[],
    {
      integrationId,
      chat,
      status,
      reason,
      now,
    }: Pick<LeadEnd, 'status' | 'reason'> & {
      integrationId: number;
      chat: string;
      now: number;
    },
  ): void => {
    for (const { id: alertId, createdAt } of folds) {
      const event = { alertId, integrationId, chat };
      if (status === 'delivered')
        events.emit('alert.delivered', { ...event, parts: 1, tookMs: Math.max(0, now - createdAt) });
      else if (status === 'expired') events.emit('alert.expired', event);
      else events.emit(`alert.${status}`, { ...event, reason: reason ?? status });
      deps.ended.publish(alertId);
    }
  };
}
