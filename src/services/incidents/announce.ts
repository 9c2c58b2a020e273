import type { EventBus } from '../../domain/events.ts';
import type { EndedFold, LeadEnd } from '../ports/incidents.ts';
import type { EndedSignal } from '../ports/queue.ts';

/** Tells what became of alerts that ended with their incident's message. */
export function createAnnounce(deps: { events: EventBus; ended: Pick<EndedSignal, 'publish'> }) {
  const { events } = deps;
  return (
    folds: readonly EndedFold[],
    { chat, status, reason, now }: Pick<LeadEnd, 'status' | 'reason'> & { chat: string; now: number },
  ): void => {
    for (const { id: alertId, createdAt } of folds) {
      if (status === 'delivered')
        events.emit('alert.delivered', { alertId, chat, parts: 1, tookMs: Math.max(0, now - createdAt) });
      else if (status === 'expired') events.emit('alert.expired', { alertId, chat });
      else events.emit(`alert.${status}`, { alertId, chat, reason: reason ?? status });
      deps.ended.publish(alertId);
    }
  };
}
