import { type AlertRecord, hasEnded } from '../../domain/alert.ts';
import type { LookedUpAlert } from '../../services/alerts/look-up.ts';
import { describeWait } from '../board/describe-wait.ts';
import { describeReason } from './reason-words.ts';

/** One moment of an alert's life. */
export interface Moment {
  /** Epoch ms; null: not yet, or not known. */
  readonly at: number | null;
  readonly what: string;
  readonly kind: 'plain' | 'ok' | 'bad' | 'open';
}

/** Did it arrive, when, and if not why: in one sentence. `now` is epoch ms. */
export function describeVerdict({ record, wait }: LookedUpAlert, now: number): string {
  const { status, reason, folded } = record;
  const why = reason === null ? '' : `: ${describeReason(reason)}`;
  switch (status) {
    case 'delivered':
      return folded === null
        ? `It arrived, ${took(record)} after it was ${record.deliverAt === null ? 'accepted' : 'due'}.`
        : 'It arrived as a change of the message of its incident.';
    case 'failed':
      return `It did not arrive${why}.`;
    case 'uncertain':
      return `It may have arrived${why}. It is not sent again by itself; if somebody does, it may arrive twice.`;
    case 'expired':
      return 'It did not arrive: its ttl ran out first.';
    case 'sending':
      return 'It is being sent right now.';
    case 'queued':
      if (folded !== null)
        return 'It has not arrived yet: the message of its incident is still to be changed.';
      return `It has not arrived yet: ${wait === null ? 'it waits in the queue' : describeWait(wait, now)}${
        reason === null ? '' : `; the last try was put back: ${describeReason(reason)}`
      }.`;
  }
}

/** In the order of time. What the ledger does not keep (earlier tries) is not in it. */
export function describeMoments({ record, incident }: LookedUpAlert): Moment[] {
  const { createdAt, deliverAt, sendingAt, endedAt, expiresAt, status, resends } = record;
  const arrived = record.messageIds.length;
  const moments: (Moment | false)[] = [
    { at: createdAt, what: record.notice ? 'Written by the service itself' : 'Accepted', kind: 'plain' },
    record.folded !== null && {
      at: createdAt,
      what: `Folded into the message of its incident${incident === null ? '' : ` (alert ${incident.count} so far)`}`,
      kind: 'plain',
    },
    deliverAt !== null && { at: deliverAt, what: 'Due: the time that its sender chose', kind: 'plain' },
    sendingAt !== null && { at: sendingAt, what: 'Last try to send began', kind: 'plain' },
    resends > 0 && { at: null, what: `Sent again on request, ${resends} of 3 times`, kind: 'plain' },
    arrived > 0 &&
      !hasEnded(status) && {
        at: null,
        what: `${arrived} of ${record.parts ?? '?'} messages have arrived`,
        kind: 'ok',
      },
    hasEnded(status) && { at: endedAt, what: endOf(record), kind: status === 'delivered' ? 'ok' : 'bad' },
    !hasEnded(status) && expiresAt !== null && { at: expiresAt, what: 'Its ttl ends', kind: 'open' },
  ];
  const known = moments.filter((moment) => moment !== false);
  // Those without a time stay behind what they follow.
  let last = 0;
  const timed = known.map((moment) => {
    last = moment.at ?? last;
    return { moment, at: last };
  });
  return timed.sort((a, b) => a.at - b.at).map(({ moment }) => moment);
}

function endOf({ status, reason, parts, messageIds }: AlertRecord): string {
  const why = reason === null ? '' : `: ${describeReason(reason)}`;
  if (status !== 'delivered') {
    const some =
      messageIds.length > 0 ? `, after ${messageIds.length} of ${parts ?? '?'} messages had arrived` : '';
    return `${status.charAt(0).toUpperCase()}${status.slice(1)}${why}${some}`;
  }
  return parts !== null && parts > 1 ? `Delivered, in ${parts} messages` : 'Delivered';
}

function took({ createdAt, deliverAt, endedAt }: AlertRecord): string {
  const ms = Math.max(0, (endedAt ?? createdAt) - Math.max(createdAt, deliverAt ?? 0));
  if (ms < 1_000) return `${ms} ms`;
  const seconds = ms / 1_000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
