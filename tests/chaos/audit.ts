import { ALERT_STATUSES, type AlertStatus } from '../../src/domain/alert.ts';
import type { BotApiDouble, Call } from '../../src/sandbox/bot-api-double.ts';
import type { LedgerReader, LedgerRow } from './ledger-reader.ts';
import { markIn, type Posted } from './sender.ts';

/** The balance at one moment, and every promise that it breaks. */
export interface Audit {
  /** Alerts that were answered 202. */
  readonly accepted: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly counts: Readonly<Record<AlertStatus, number>>;
  /** Longest time from the mark before a send to `uncertain`, in ms; 0 without one. */
  readonly uncertainWithinMs: number;
  readonly violations: readonly string[];
}

export interface AuditOptions {
  /** No sender is at work, so the ledger holds exactly what was accepted. */
  readonly idle: boolean;
  /** Everything was given the time to end: nothing may be queued or on its way. */
  readonly drained?: boolean;
  /** Marks of alerts that were sent again by hand: they may be seen once more each time. */
  readonly resent?: ReadonlySet<string>;
  /** Alerts with a priority of their own, or several parts, are looked at by their scenario. */
  readonly unordered?: ReadonlySet<string>;
}

const UNCERTAIN_LIMIT_MS = 60_000;

/**
 * Holds what the senders were told, what the ledger says and what Telegram's double saw against each other. Each is
 * read before what follows from it, so that it can be called while everything is running.
 */
export async function audit(
  parts: { posted: readonly Posted[]; ledger: Pick<LedgerReader, 'rows'>; double: BotApiDouble },
  options: AuditOptions,
): Promise<Audit> {
  const { resent = new Set(), unordered = new Set() } = options;
  const posted = [...parts.posted];
  // Repeats with one Idempotency-Key are one alert.
  const accepted = [
    ...new Map(posted.filter((one) => one.id !== undefined).map((one) => [one.id, one])).values(),
  ];
  const answeredOk = new Set(
    sends(parts.double)
      .filter((call) => call.status === 200)
      .map(markOf),
  );
  const rows = await parts.ledger.rows();
  const seen = countSeen(parts.double);
  const violations: string[] = [];
  const complain = (what: string, about: readonly string[]) => {
    if (about.length > 0) violations.push(`${what}: ${about.length} (${about.slice(0, 5).join(', ')})`);
  };
  const rowOf = (one: Posted): LedgerRow | undefined => (one.id === undefined ? undefined : rows.get(one.id));
  const say = (one: Posted): string =>
    `#${one.mark}# ${rowOf(one)?.status} ${rowOf(one)?.reason ?? ''}`.trim();
  const having = (list: readonly Posted[], is: (one: Posted, row: LedgerRow | undefined) => boolean) =>
    list.filter((one) => is(one, rowOf(one))).map(say);

  complain(
    'accepted, but not in the ledger',
    having(accepted, (_, row) => row === undefined),
  );
  complain(
    'no answer to the sender',
    having(posted, (one) => one.status === 0),
  );
  const twice = [...seen].filter(([mark, times]) => times > 1 && !resent.has(mark));
  complain(
    'seen twice',
    twice.map(([mark, times]) => `#${mark}# ${times}`),
  );
  complain(
    'delivered, but not seen',
    having(accepted, (one, row) => row?.status === 'delivered' && !seen.has(one.mark)),
  );
  complain(
    'answered ok, but queued, failed or expired',
    having(
      accepted,
      (one, row) => answeredOk.has(one.mark) && !MAY_HAVE_ARRIVED.has(row?.status) && !resent.has(one.mark),
    ),
  );
  const marks = new Set(accepted.map((one) => one.mark));
  const refused = posted.filter((one) => one.status !== 202 && one.status !== 0 && !marks.has(one.mark));
  complain(
    'refused, but seen',
    having(refused, (one) => seen.has(one.mark)),
  );
  complain('out of order', outOfOrder(parts.double, accepted, rows, unordered));
  if (options.idle && rows.size !== accepted.length) {
    violations.push(`the ledger holds ${rows.size} entries, accepted were ${accepted.length}`);
  }
  if (options.drained) {
    complain(
      'did not end',
      having(accepted, (_, row) => row?.status === 'queued' || row?.status === 'sending'),
    );
  }
  const waits = [...rows.values()]
    .filter((row) => row.status === 'uncertain' && row.sendingAt !== null && row.endedAt !== null)
    .map((row) => (row.endedAt ?? 0) - (row.sendingAt ?? 0));
  const uncertainWithinMs = Math.max(0, ...waits);
  if (uncertainWithinMs > UNCERTAIN_LIMIT_MS) violations.push(`uncertain only after ${uncertainWithinMs} ms`);

  const entries = ALERT_STATUSES.map((status) => [
    status,
    accepted.filter((one) => rowOf(one)?.status === status).length,
  ]);
  // The entries are made from all statuses.
  const counts = Object.fromEntries(entries) as Record<AlertStatus, number>;
  const sum = Object.values(counts).reduce((total, count) => total + count, 0);
  if (sum !== accepted.length)
    violations.push(`accepted ${accepted.length}, but the states add up to ${sum}`);
  return {
    accepted: accepted.length,
    refused: refused.length,
    unanswered: posted.filter((one) => one.status === 0).length,
    counts,
    uncertainWithinMs,
    violations,
  };
}

const MAY_HAVE_ARRIVED = new Set<AlertStatus | undefined>(['sending', 'delivered', 'uncertain']);

/** The double's calls that carry an alert. */
export function sends(double: BotApiDouble): Call[] {
  return double.calls.filter((call) => markOf(call) !== undefined);
}

function markOf(call: Call): string | undefined {
  return markIn(call.payload.text) ?? markIn(call.payload.caption);
}

/** How often each mark is in a message that arrived in a chat. */
function countSeen(double: BotApiDouble): Map<string, number> {
  const seen = new Map<string, number>();
  for (const chat of double.chats) {
    for (const message of double.messages(chat.id)) {
      const mark = markIn(message.text) ?? markIn(message.caption);
      if (mark !== undefined) seen.set(mark, (seen.get(mark) ?? 0) + 1);
    }
  }
  return seen;
}

/** Each chat's posts were made one after the other: what arrived in it must be in that order. */
function outOfOrder(
  double: BotApiDouble,
  accepted: readonly Posted[],
  rows: ReadonlyMap<string, LedgerRow>,
  unordered: ReadonlySet<string>,
): string[] {
  const places = new Map(accepted.map((one, index) => [one.mark, index]));
  const delivered = new Set(
    accepted.filter((one) => rows.get(one.id ?? '')?.status === 'delivered').map((one) => one.mark),
  );
  return double.chats.flatMap((chat) => {
    const faults: string[] = [];
    let last = -1;
    for (const message of double.messages(chat.id)) {
      const mark = markIn(message.text);
      if (mark === undefined || unordered.has(mark) || !delivered.has(mark)) continue;
      const place = places.get(mark) ?? -1;
      if (place < last) faults.push(`#${mark}# in ${chat.id}`);
      last = Math.max(last, place);
    }
    return faults;
  });
}
