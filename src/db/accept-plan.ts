import type { AlertRecord } from '../domain/alert.ts';
import type { AcceptResult, NewAlert } from '../services/ports.ts';

/** What the database says about an integration, read under its lock. */
export interface LockedIntegration {
  readonly rateLimit: number;
  readonly status: string;
  readonly tokenHash: string | null;
}

/** An entry that holds an idempotency key. */
export interface KeyHolder {
  readonly record: AlertRecord;
  readonly bodyHash: string;
}

export interface AcceptPlan {
  /** One answer per alert, in their order. */
  readonly results: readonly AcceptResult[];
  /** Entries to write, in their order. */
  readonly inserts: readonly { readonly alert: NewAlert; readonly remaining: number }[];
  /** Units to take, by integration. */
  readonly units: ReadonlyMap<number, number>;
  /** Entries whose key is older than the window and must be freed for a new one. */
  readonly staleIds: readonly string[];
}

/** Names an idempotency key: two integrations may use the same one. */
export function keyOf(integrationId: number, keyHash: string): string {
  return `${integrationId} ${keyHash}`;
}

/**
 * Decides about a batch of alerts, in their order: who gets a unit, who is a repeat, who is refused. Pure; the caller
 * holds the locks of all integrations and writes what the plan says. `windowMs`: how long a key is remembered.
 */
export function planAccepts(
  alerts: readonly NewAlert[],
  integrations: ReadonlyMap<number, LockedIntegration>,
  holders: ReadonlyMap<string, KeyHolder>,
  windowMs: number,
): AcceptPlan {
  const inserts: { alert: NewAlert; remaining: number }[] = [];
  const units = new Map<number, number>();
  const staleIds: string[] = [];
  const firsts = new Map<string, KeyHolder>();

  const decide = (alert: NewAlert): AcceptResult => {
    const { integrationId, idempotency } = alert;
    const integration = integrations.get(integrationId);
    if (integration?.status !== 'active') return { kind: 'not_active' };
    if (alert.tokenHash !== null && alert.tokenHash !== integration.tokenHash)
      return { kind: 'token_replaced' };

    const key = idempotency === null ? undefined : keyOf(integrationId, idempotency.keyHash);
    const first = key === undefined ? undefined : firsts.get(key);
    if (first !== undefined) return { kind: 'repeated', ...first };
    const holder = key === undefined ? undefined : holders.get(key);
    const isStale = holder !== undefined && holder.record.createdAt <= alert.createdAt - windowMs;
    if (holder !== undefined && !isStale) return { kind: 'repeated', ...holder };

    const taken = units.get(integrationId) ?? 0;
    const remaining = integration.rateLimit - taken - 1;
    if (remaining < 0) return { kind: 'quota_exhausted' };
    units.set(integrationId, taken + 1);
    inserts.push({ alert, remaining });
    if (isStale) staleIds.push(holder.record.id);
    if (key !== undefined && idempotency !== null) {
      firsts.set(key, { record: toRecord(alert, remaining), bodyHash: idempotency.bodyHash });
    }
    return { kind: 'accepted', remaining };
  };

  return { results: alerts.map(decide), inserts, units, staleIds };
}

/** The entry as it will be read back. */
function toRecord(alert: NewAlert, remaining: number): AlertRecord {
  const { idempotency: _, tokenHash: __, ...fields } = alert;
  return {
    ...fields,
    status: 'queued',
    reason: null,
    parts: null,
    messageIds: [],
    remaining,
    sendingAt: null,
    endedAt: null,
  };
}
