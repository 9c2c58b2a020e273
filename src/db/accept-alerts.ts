import type { AcceptResult, NewAlert } from '../services/ports.ts';
import {
  type AcceptPlan,
  type KeyHolder,
  keyOf,
  type LockedIntegration,
  planAccepts,
} from './accept-plan.ts';
import { isDataError } from './conflicts.ts';
import { createGroup, type Settled } from './group.ts';
import {
  FIND_KEY_HOLDERS,
  FREE_KEYS,
  INSERT_ALERTS,
  type InsertedAlert,
  LOCK_INTEGRATIONS,
  TAKE_UNITS,
} from './hot-statements.ts';
import { type AlertModel, toAlertRecord } from './models/alert-model.ts';
import type { Run, Session } from './session.ts';

/** Alerts per transaction: other writers wait for it, and one fsync for this many is cheap enough. */
const MAX_BATCH = 256;

/** `accept` of the ledger as a group commit; see the port's docstring. `windowMs`: life of an idempotency key. */
export function createAccept(session: Session, windowMs: number): (alert: NewAlert) => Promise<AcceptResult> {
  const acceptAll = (alerts: readonly NewAlert[]) =>
    session.transaction(async (run) => {
      const plan = planAccepts(alerts, await lock(run, alerts), await findHolders(run, alerts), windowMs);
      await write(run, plan);
      return plan.results;
    });

  async function acceptOne(alert: NewAlert): Promise<Settled<AcceptResult>> {
    try {
      const [value] = await acceptAll([alert]);
      if (value === undefined) throw new Error('an accept gave no answer');
      return { ok: true, value };
    } catch (error) {
      return { ok: false, error };
    }
  }

  return createGroup(async (alerts) => {
    try {
      return (await acceptAll(alerts)).map((value) => ({ ok: true, value }) as const);
    } catch (error) {
      if (alerts.length === 1 || !isDataError(error)) throw error;
      // One entry that the database refuses must not refuse the others: each on its own, in their order.
      const results: Settled<AcceptResult>[] = [];
      for (const alert of alerts) results.push(await acceptOne(alert));
      return results;
    }
  }, MAX_BATCH);
}

async function lock(run: Run, alerts: readonly NewAlert[]): Promise<Map<number, LockedIntegration>> {
  const ids = [...new Set(alerts.map((alert) => alert.integrationId))];
  // The statement selects exactly these columns.
  const rows = (await run(LOCK_INTEGRATIONS, JSON.stringify(ids))) as unknown as (LockedIntegration & {
    id: number;
  })[];
  return new Map(rows.map((row) => [row.id, row]));
}

async function findHolders(run: Run, alerts: readonly NewAlert[]): Promise<Map<string, KeyHolder>> {
  const keys = alerts.flatMap(({ integrationId, idempotency }) =>
    idempotency === null ? [] : [{ integrationId, keyHash: idempotency.keyHash }],
  );
  if (keys.length === 0) return new Map();
  // The statement selects whole rows of Alerts.
  const rows = (await run(FIND_KEY_HOLDERS, JSON.stringify(keys))) as unknown as AlertModel[];
  return new Map(
    rows.map((row) => [
      keyOf(row.integrationId, row.idempotencyKeyHash ?? ''),
      { record: toAlertRecord(row), bodyHash: row.bodyHash ?? '' },
    ]),
  );
}

async function write(run: Run, plan: AcceptPlan): Promise<void> {
  if (plan.inserts.length === 0) return;
  if (plan.staleIds.length > 0) await run(FREE_KEYS, JSON.stringify(plan.staleIds));
  const units = [...plan.units].map(([integrationId, count]) => ({ integrationId, units: count }));
  const taken = await run(TAKE_UNITS, JSON.stringify(units));
  // Cannot happen under the lock; if it does, nothing is written.
  if (taken.length !== units.length) throw new Error('the quota changed while its integration was locked');
  await run(INSERT_ALERTS, JSON.stringify(plan.inserts.map(toInserted)));
}

function toInserted({ alert, remaining }: AcceptPlan['inserts'][number]): InsertedAlert {
  return {
    id: alert.id,
    integrationId: alert.integrationId,
    format: alert.format,
    priority: alert.priority,
    silent: alert.silent ? 1 : 0,
    threadId: alert.threadId,
    deliverAt: alert.deliverAt,
    expiresAt: alert.expiresAt,
    sealedTags: alert.sealedTags,
    hasButton: alert.hasButton ? 1 : 0,
    remaining,
    createdAt: alert.createdAt,
    queuedAt: alert.createdAt,
    idempotencyKeyHash: alert.idempotency?.keyHash ?? null,
    bodyHash: alert.idempotency?.bodyHash ?? null,
  };
}
