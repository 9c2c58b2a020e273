import type { Incident } from './incident.ts';

/**
 * What becomes of an integration's alerts beyond what it may send now: they are refused, or fold into one message. That
 * message, the digest, is an incident whose key the service makes; it takes any of the integration's alerts.
 */
export const OVERFLOWS = ['refuse', 'digest'] as const;
export type Overflow = (typeof OVERFLOWS)[number];

/** An alert goes into the digest behind so many of its integration's own that wait to be sent. */
export const MOST_WAITING = 20;
/** A digest ends when none has come for so long, in ms. */
export const DIGEST_QUIET_MS = 60_000;
/** The newest titles that a digest shows. */
export const DIGEST_TITLES = 5;

/**
 * Whether an alert goes into the digest instead of making a message of its own. Once there is a digest, it takes all that
 * comes while alerts from before it still wait: a storm is not cut in pieces by the places that become free.
 * @param integration.units left today
 * @param integration.waiting its alerts that wait to be sent
 * @param integration.hasDigest one that takes alerts
 */
export function overflows({
  units,
  waiting,
  hasDigest,
}: {
  readonly units: number;
  readonly waiting: number;
  readonly hasDigest: boolean;
}): boolean {
  return units < 1 || waiting >= MOST_WAITING || (hasDigest && waiting > 0);
}

/** What a digest shows once it has taken one more; `dropped`: the one whose title is not shown any more. */
export function withTitle(
  titleIds: readonly string[],
  newest: string,
): { readonly titleIds: readonly string[]; readonly dropped: string | null } {
  const all = [newest, ...titleIds];
  return { titleIds: all.slice(0, DIGEST_TITLES), dropped: all[DIGEST_TITLES] ?? null };
}

/** The alerts of which an incident's message shows something. */
export function textIdsOf({ titleIds, textId }: Pick<Incident, 'titleIds' | 'textId'>): readonly string[] {
  return titleIds ?? [textId];
}
