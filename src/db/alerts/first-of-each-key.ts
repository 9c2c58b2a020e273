import type { NewAlert } from '../../services/ports/alerts.ts';

/** Those that no other of the list precedes with the same key; a batch sees only what is written before it. */
export function firstOfEachKey<A extends Pick<NewAlert, 'integrationId' | 'idempotency'>>(
  alerts: readonly A[],
): readonly A[] {
  const seen = new Set<string>();
  return alerts.filter(({ integrationId, idempotency }) => {
    if (idempotency === null) return true;
    const key = `${integrationId} ${idempotency.keyHash}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
