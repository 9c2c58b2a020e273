import { DIGEST_QUIET_MS } from '../../domain/digest.ts';
import type { Clock } from '../ports/clock.ts';
import type { IncidentRepository, UpdateQueue } from '../ports/incidents.ts';
import { type SettleLead, UNKNOWN } from './leads.ts';

/** Incidents per step and run: bounds the time of one run. */
const BATCH = 500;
/** A change is shown by the job that was added with it; one that is older (ms) may have lost its job. */
const UNSHOWN_AFTER_MS = 5_000;
/** Closed incidents stay readable as long as the ledger's entries: 30 days. */
const KEEP_MS = 30 * 86_400_000;

/** Brings incidents in line with what happened while nobody looked; a part of upkeep. */
export function createIncidentSweep(deps: {
  incidents: Pick<IncidentRepository, 'withEndedLead' | 'closeStale' | 'unshown' | 'purge'>;
  settleLead: SettleLead;
  updates: UpdateQueue;
  clock: Clock;
  /** INCIDENT_HOURS */
  staleMs: number;
}): () => Promise<void> {
  const { incidents, updates, clock } = deps;
  return async () => {
    const now = clock.now();
    // 1. Their first message has ended without the worker that sent it: expired, lost, revoked, a crash.
    for (const id of await incidents.withEndedLead(BATCH)) await deps.settleLead(id, UNKNOWN);
    // 2. Not heard of for days; a digest: for a minute.
    const silent = await incidents.closeStale('incident', now - deps.staleMs, now, BATCH);
    silent.push(...(await incidents.closeStale('digest', now - DIGEST_QUIET_MS, now, BATCH)));
    for (const id of silent) await updates.add(id);
    // 3. Messages that do not show yet what is true: the job is made again, or waits already.
    for (const id of await incidents.unshown(now - UNSHOWN_AFTER_MS, BATCH)) await updates.add(id);
    // 4. What has been kept long enough.
    await incidents.purge(now - KEEP_MS);
  };
}
