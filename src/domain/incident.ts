import type { AlertPriority } from './alert.ts';

/** A problem of an integration's, by the key that its alerts name: one message that stays true. Times are epoch ms. */
export interface Incident {
  readonly id: string;
  readonly integrationId: number;
  readonly state: IncidentState;
  /** Alerts so far, its end not among them. */
  readonly count: number;
  readonly openedAt: number;
  readonly lastAt: number;
  readonly resolvedAt: number | null;
  /** Since when it takes no more alerts. */
  readonly closedAt: number | null;
  /** Rises with each change of what is to be shown. */
  readonly version: number;
  /** What its message shows. */
  readonly shownVersion: number;
  /** The alert whose message becomes the incident's; null once that has ended. */
  readonly leadId: string | null;
  /** Telegram's id of its message. */
  readonly messageId: number | null;
  readonly threadId: number | null;
  /** The alert whose text it shows. */
  readonly textId: string;
  /** Of a digest: the alerts whose titles it shows, the newest first. Null: it is an incident of a key's. */
  readonly titleIds: readonly string[] | null;
  /** A short reply that is still to be sent. */
  readonly reply: IncidentReply | null;
  /** Its message has a button to acknowledge or release it. */
  readonly hasButtons: boolean;
  readonly acknowledgedAt: number | null;
  /** Who did, sealed (PayloadCipher.sealName). */
  readonly acknowledgedBy: string | null;
}

/** It rings again; it is resolved. Where its text is lost, silently: it was counted on; it is stale. */
export type IncidentReply = 'again' | 'resolved' | 'counted' | 'stale';

type IncidentState = 'open' | 'acknowledged' | 'resolved' | 'stale';

/** How an alert relates to its incident: a part of it, its end, or its end if there is one (adapters). */
export type Resolve = false | true | 'if-open';

/** What the rules know of an incident that takes alerts. Times are epoch ms. */
export interface LiveIncident {
  readonly state: 'open' | 'acknowledged';
  /** Its message, or the one that replaces it, is on its way: nobody knows yet whether it arrives. */
  readonly isUnderWay: boolean;
  readonly count: number;
  readonly openedAt: number;
  readonly lastAt: number;
  /** The highest so far. */
  readonly priority: AlertPriority;
  /** When it last made a sound; null: it never did. */
  readonly rangAt: number | null;
}

/** What the rules know of an alert that names an incident. */
export interface IncidentAlert {
  readonly at: number;
  readonly priority: AlertPriority;
  readonly silent: boolean;
  readonly resolve: Resolve;
}

export interface IncidentRules {
  /** A repeat rings again when the last ring is so long ago, in ms (RING_AGAIN_MINUTES). */
  readonly ringAgainMs: number;
  /** Without an alert for so long, in ms, an incident is stale (INCIDENT_HOURS). */
  readonly staleMs: number;
}

/**
 * What an alert does.
 * `open`: a new message, and a new incident. `message`: a new message that says resolved; there is nothing to resolve.
 * `join`: it goes into a message that is on its way, and ends as that ends.
 * `fold`: the message is edited, silently. `ring`: edited, and a short reply rings.
 * `resolve`: the incident closes; the message is marked, and answered by a short reply if it is there.
 * `ignore`: nothing.
 */
type IncidentStep =
  | { readonly kind: 'open' | 'message' | 'ignore' }
  | { readonly kind: 'join' | 'fold' | 'ring' | 'resolve'; readonly next: IncidentChange };

/** What an incident is after an alert. */
interface IncidentChange {
  readonly state: 'open' | 'acknowledged' | 'resolved';
  readonly count: number;
  readonly lastAt: number;
  readonly priority: AlertPriority;
  readonly rangAt: number | null;
  /** The message shows this alert's text from now on. */
  readonly showsText: boolean;
}

const RANK: Readonly<Record<AlertPriority, number>> = { low: 0, normal: 1, high: 2 };

/** Whether an alert makes a sound of its own: low ones are sent silently. */
export function isAudible({ priority, silent }: Pick<IncidentAlert, 'priority' | 'silent'>): boolean {
  return !silent && priority !== 'low';
}

/** What the alert does to the incident of its key; undefined: there is none that takes alerts. */
export function stepFor(
  incident: LiveIncident | undefined,
  alert: IncidentAlert,
  rules: IncidentRules,
): IncidentStep {
  if (incident === undefined || isStale(incident, alert.at, rules)) return { kind: withoutIncident(alert) };
  // An end is no occurrence.
  if (alert.resolve !== false) {
    const { count, lastAt, priority, rangAt } = incident;
    return {
      kind: 'resolve',
      next: { state: 'resolved', count, lastAt, priority, rangAt, showsText: false },
    };
  }
  const rises = RANK[alert.priority] > RANK[incident.priority];
  const counted = {
    count: incident.count + 1,
    // Of two processes one clock may be behind.
    lastAt: Math.max(incident.lastAt, alert.at),
    priority: rises ? alert.priority : incident.priority,
  };
  const isRinging = rings(incident, alert, { rises, ringAgainMs: rules.ringAgainMs });
  const next = {
    ...counted,
    state: incident.state,
    rangAt: isRinging ? alert.at : incident.rangAt,
    showsText: true,
  };
  // What is on its way makes its own sound.
  if (incident.isUnderWay) return { kind: 'join', next: { ...next, rangAt: incident.rangAt } };
  return { kind: isRinging ? 'ring' : 'fold', next };
}

/** True if nothing was heard of it for so long that the next alert opens another one. */
export function isStale(
  { lastAt }: Pick<LiveIncident, 'lastAt'>,
  now: number,
  { staleMs }: Pick<IncidentRules, 'staleMs'>,
): boolean {
  return now - lastAt >= staleMs;
}

function withoutIncident({ resolve }: IncidentAlert): 'open' | 'message' | 'ignore' {
  if (resolve === false) return 'open';
  return resolve === 'if-open' ? 'ignore' : 'message';
}

function rings(
  { state, rangAt }: LiveIncident,
  alert: IncidentAlert,
  { rises, ringAgainMs }: { rises: boolean; ringAgainMs: number },
): boolean {
  if (!isAudible(alert)) return false;
  if (rises) return true;
  return state === 'open' && (rangAt === null || alert.at - rangAt >= ringAgainMs);
}
