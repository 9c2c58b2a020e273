import { LRUCache } from 'lru-cache';
import { Counter, type Registry } from 'prom-client';
import type { EventBus } from '../../domain/events.ts';

/** Integrations that have a series at a time; the one whose last hit is the oldest gives way. */
const MOST_INTEGRATIONS = 200;

/**
 * `pingui_quota_hits_total`: refusals for a used-up quota, by the integration's name and its chat's keyed hash. Names are
 * looked up with an integration's first hit. One without a hit for long loses its series, as if its process had restarted.
 * @param deps.nameOf undefined where there is no such integration any more
 */
export function countQuotaHits(
  deps: { events: EventBus; nameOf: (integrationId: number) => Promise<string | undefined> },
  registry: Registry,
): void {
  const counter = new Counter({
    name: 'pingui_quota_hits_total',
    help: "Alerts refused because the integration's quota was used up; the newest 200 integrations.",
    labelNames: ['integration', 'chat'],
    registers: [registry],
  });
  interface Series {
    readonly name: string;
    readonly chat: string;
  }
  const series = new LRUCache<number, Series>({
    max: MOST_INTEGRATIONS,
    dispose: ({ name, chat }, _id, reason) => {
      if (reason === 'evict') counter.remove(name, chat);
    },
  });
  /** Hits that wait for their integration's name. */
  const waiting = new Map<number, number>();

  async function begin(integrationId: number, chat: string): Promise<void> {
    const name = await deps.nameOf(integrationId).catch(() => undefined);
    const hits = waiting.get(integrationId) ?? 0;
    waiting.delete(integrationId);
    series.set(integrationId, { name: name ?? 'unknown', chat });
    counter.labels(name ?? 'unknown', chat).inc(hits);
  }

  deps.events.on('quota.exhausted', ({ integrationId, chat }) => {
    const known = series.get(integrationId);
    if (known !== undefined) {
      counter.labels(known.name, known.chat).inc();
      return;
    }
    const hits = waiting.get(integrationId);
    waiting.set(integrationId, (hits ?? 0) + 1);
    // begin() never rejects: the look-up's failure has a name of its own.
    if (hits === undefined) void begin(integrationId, chat);
  });
}
