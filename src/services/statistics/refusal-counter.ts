import { pause } from '../../async/pause.ts';
import { within } from '../../async/within.ts';
import type { EventBus } from '../../domain/events.ts';
import { dayOf, SLOT_MS } from '../../domain/statistics.ts';
import type { Clock } from '../ports/clock.ts';
import type { StatisticsRepository } from '../ports/statistics.ts';

/** How long refusals are collected before they are written, in ms: a killed process loses so much of them. */
const WRITE_EVERY_MS = 1_000;
/** Longest wait for the last of them when the service stops, in ms. */
const LEAVE_MS = 500;

export interface RefusalCounter {
  /** Writes what was collected now. Never throws. */
  write(): Promise<void>;
  /** Writes what was collected, and ends. */
  stop(): Promise<void>;
}

/**
 * Counts this process's refusals into the database, which has no entry of them. They are collected, because a refusal must
 * stay cheap; what cannot be written is kept for the next try.
 */
export function startRefusalCounter(deps: {
  statistics: Pick<StatisticsRepository, 'addRefusals'>;
  events: EventBus;
  clock: Clock;
  timeZone: string;
}): RefusalCounter {
  const { statistics, events, clock } = deps;
  const refusals = createCounts<{ slot: number; code: string }>();
  const hits = createCounts<{ date: string; integrationId: number }>();
  const stopped = new AbortController();

  events.on('alert.refused', ({ code }) => {
    const now = clock.now();
    refusals.add({ slot: now - (now % SLOT_MS), code }, 1);
  });
  events.on('quota.exhausted', ({ integrationId }) => {
    hits.add({ date: dayOf(clock.now(), deps.timeZone), integrationId }, 1);
  });

  async function write(): Promise<void> {
    const [newRefusals, newHits] = [refusals.take(), hits.take()];
    if (newRefusals.length + newHits.length === 0) return;
    try {
      await statistics.addRefusals(newRefusals, newHits);
    } catch {
      // Health says what is wrong with the database.
      for (const { count, ...key } of newRefusals) refusals.add(key, count);
      for (const { count, ...key } of newHits) hits.add(key, count);
    }
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      await pause(WRITE_EVERY_MS, stopped.signal);
      await write();
    }
  }
  const running = run();

  return {
    write,
    async stop() {
      stopped.abort();
      await within(LEAVE_MS, async () => {
        await running;
        await write();
      }).catch(() => undefined);
    },
  };
}

/** Numbers by what they count. */
function createCounts<K extends object>() {
  const counts = new Map<string, K & { count: number }>();
  return {
    add(key: K, count: number): void {
      const name = Object.values(key).join(' ');
      const known = counts.get(name);
      if (known === undefined) counts.set(name, { ...key, count });
      else known.count += count;
    },
    take(): (K & { readonly count: number })[] {
      const taken = [...counts.values()];
      counts.clear();
      return taken;
    },
  };
}
