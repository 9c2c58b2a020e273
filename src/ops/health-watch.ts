import { pause } from '../async/pause.ts';
import type { EventBus } from '../domain/events.ts';
import { CHECK_NAMES, type CheckName, type Health } from './health.ts';

/** How often a process looks at its own health, in ms: what lasts shows in the log, though nobody asks. */
const EVERY_MS = 5_000;

/** Tells of each change of a check, as an event. Returns what ends it. */
export function watchHealth(deps: { health: Pick<Health, 'ready'>; events: EventBus }): () => void {
  const { events } = deps;
  const stopped = new AbortController();
  const reasons = new Map<CheckName, string>();

  async function look(): Promise<void> {
    const { checks } = await deps.health.ready();
    for (const name of CHECK_NAMES) {
      const { status, reason = status } = checks[name];
      const was = reasons.get(name) ?? null;
      const is = status === 'ok' ? null : reason;
      if (is === was) continue;
      if (is === null) reasons.delete(name);
      else reasons.set(name, is);
      events.emit('health.changed', { check: name, status, was, reason: is });
    }
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await look();
      await pause(EVERY_MS, stopped.signal);
    }
  }
  void watch();
  return () => stopped.abort();
}
