import type { LedgerRow } from '../ledger-reader.ts';
import type { Posted } from '../sender.ts';
import { seconds, type Verdict } from './health-log.ts';
import type { Trouble } from './troubles.ts';

/** Limits of the alerts of a well-behaved chat, in ms. */
export interface TimeLimits {
  /** From the 202 to Telegram, while nothing is wrong. */
  readonly calm: number;
  /** From a trouble's end until everything that it held up has arrived. */
  readonly recovery: Readonly<Record<Trouble['kind'], number>>;
  /** From a `FLUSHALL` until what it took is known to be lost. */
  readonly lost: number;
  /** TELEGRAM_TIMEOUT_MS: a call may have begun so long before. */
  readonly call: number;
}

/** What may be refused in a trouble, and why; and for so long after its end, in ms. */
const REFUSALS: Readonly<Partial<Record<Trouble['kind'], string>>> = {
  locked: 'database_unavailable',
  flushed: 'queue_unavailable',
};
const REFUSED_AFTER_MS = 2_000;
/** An accept has so long in all, in ms: what the database took of it, the queue does not have, and it is the queue that is late. */
const ACCEPT_MS = 1_500;

/** Whether what well-behaved chats sent ended true and in time. */
export function judgeAlerts(
  posted: readonly Posted[],
  rows: ReadonlyMap<string, LedgerRow>,
  /** When each mark's call that was answered with ok arrived at Telegram, in epoch ms. */
  arrivals: ReadonlyMap<string, number>,
  troubles: readonly Trouble[],
  limits: TimeLimits,
): Verdict {
  const faults = new Map<string, string[]>();
  const note = (what: string, one: Posted, detail = '') =>
    void faults.set(what, [...(faults.get(what) ?? []), `#${one.mark}#${detail}`]);
  const waits: number[] = [];
  const lastOf = new Map<Trouble, number>();

  for (const one of posted) {
    if (one.status !== 202) {
      if (!mayRefuse(one, troubles)) note(`refused without reason`, one, ` ${one.status} ${one.code}`);
      continue;
    }
    const row = rows.get(one.id ?? '');
    const arrived = arrivals.get(one.mark);
    switch (row?.status) {
      case 'delivered': {
        const { until, trouble } = deadline(one.at, troubles, limits);
        const at = arrived ?? Number.POSITIVE_INFINITY;
        if (trouble === undefined) waits.push(at - one.at);
        else if (one.at <= trouble.until)
          lastOf.set(trouble, Math.max(lastOf.get(trouble) ?? 0, at - trouble.until));
        if (at > until)
          note(`late (${trouble?.kind ?? 'calm'})`, one, ` ${seconds(at - (trouble?.until ?? one.at))} s`);
        break;
      }
      case 'failed':
        if (row.reason !== 'lost') note('failed', one, ` ${row.reason}`);
        else if (!isLostInTime(one, row, troubles, limits)) note('called lost without reason, or late', one);
        break;
      case 'uncertain':
        if (!isUncertainInTrouble(row, troubles, limits)) note('uncertain without reason', one);
        break;
      default:
        note('did not end', one, ` ${row?.status}`);
    }
  }
  waits.sort((a, b) => a - b);
  const part = (share: number) => Math.round(waits[Math.floor((waits.length - 1) * share)] ?? 0);
  const recoveries = troubles.map((trouble, index) => {
    const last = lastOf.get(trouble);
    return [
      `accepted before the end of ${index + 1} ${trouble.kind}`,
      last === undefined ? 'none held up' : `the last arrived ${seconds(last)} s after it`,
    ];
  });
  return {
    violations: [...faults].map(
      ([what, list]) => `well-behaved: ${what}: ${list.length} (${list.slice(0, 5).join(', ')})`,
    ),
    figures: {
      'well-behaved, in calm: ms from 202 to Telegram (50 %, 99 %, most)': `${part(0.5)}, ${part(0.99)}, ${part(1)} of ${waits.length}`,
      ...Object.fromEntries(recoveries),
    },
  };
}

/** Until when the alert has to arrive, and the last trouble that allows for more time than in calm. */
function deadline(
  acceptedAt: number,
  troubles: readonly Trouble[],
  limits: TimeLimits,
): { until: number; trouble: Trouble | undefined } {
  let until = acceptedAt + limits.calm;
  let cause: Trouble | undefined;
  for (const trouble of troubles) {
    const recovered = trouble.until + limits.recovery[trouble.kind];
    if (trouble.from > until || acceptedAt > recovered || recovered < until) continue;
    until = recovered;
    cause = trouble;
  }
  return { until, trouble: cause };
}

function mayRefuse({ status, code, at, tookMs }: Posted, troubles: readonly Trouble[]): boolean {
  const isReason = (kind: Trouble['kind']) =>
    code === REFUSALS[kind] || (kind === 'locked' && code === 'queue_unavailable' && tookMs >= ACCEPT_MS);
  return troubles.some(
    ({ kind, from, until }) =>
      status === 503 && isReason(kind) && at >= from && at - tookMs <= until + REFUSED_AFTER_MS,
  );
}

/** Only what may have been in Redis when it was emptied is lost. */
export function isLostInTime(
  { at, tookMs }: Posted,
  { endedAt }: LedgerRow,
  troubles: readonly Trouble[],
  limits: Pick<TimeLimits, 'lost'>,
): boolean {
  return troubles.some(
    ({ kind, until }) =>
      kind === 'flushed' && at - tookMs <= until && endedAt !== null && endedAt - until <= limits.lost,
  );
}

function isUncertainInTrouble(
  { sendingAt }: LedgerRow,
  troubles: readonly Trouble[],
  limits: TimeLimits,
): boolean {
  return troubles.some(
    ({ kind, from, until }) =>
      (kind === 'refused' || kind === 'silent') &&
      sendingAt !== null &&
      sendingAt >= from - limits.call &&
      sendingAt <= until,
  );
}
