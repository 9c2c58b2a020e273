import { createGroup, type Settled } from '../../async/batch.ts';
import { shownName } from '../../domain/integration.ts';
import type { AcceptingIntegration, AcceptResult, NewAlert } from '../../services/ports/alerts.ts';
import { isDataError } from '../engine/conflicts.ts';
import type { Session } from '../engine/session.ts';
import type { Row } from '../engine/statement.ts';
import { FIND_ALERTS, FREE_KEYS, LOCK_INTEGRATIONS } from '../hot-statements.ts';
import { ACCEPT, toAsked, type Verdict } from './accept-statement.ts';
import { type AlertRow, toAlertRecord } from './alert-columns.ts';
import { firstOfEachKey } from './first-of-each-key.ts';

/** Alerts per transaction: other writers wait for it, and one fsync for this many is cheap enough. */
const MAX_BATCH = 256;
/** One round settles all but repeats; a key's holder that is withdrawn or too old costs its repeats another one. */
const MAX_ROUNDS = 5;

type Answers = [NewAlert, Settled<AcceptResult>][];

/** `accept` of the ledger as a group commit; see the port's docstring. `windowMs`: life of an idempotency key. */
export function createAccept(session: Session, windowMs: number): (alert: NewAlert) => Promise<AcceptResult> {
  async function acceptAll(alerts: readonly NewAlert[]): Promise<Settled<AcceptResult>[]> {
    const settled = new Map<NewAlert, Settled<AcceptResult>>();
    let round = firstOfEachKey(alerts);
    for (let rounds = 0; rounds < MAX_ROUNDS && settled.size < alerts.length; rounds += 1) {
      for (const [alert, answer] of await acceptRound(round)) settled.set(alert, answer);
      round = alerts.filter((alert) => !settled.has(alert));
    }
    const unsettled = { ok: false, error: new Error('an idempotency key did not come to rest') } as const;
    return alerts.map((alert) => settled.get(alert) ?? unsettled);
  }

  /** An alert without an answer has to be looked at again: the entry that held its key is gone. */
  async function acceptRound(alerts: readonly NewAlert[]): Promise<Answers> {
    let verdicts: Verdict[];
    try {
      verdicts = await decide(alerts);
    } catch (error) {
      if (alerts.length > 1 && isDataError(error)) return acceptApart(alerts);
      return alerts.map((alert) => [alert, { ok: false, error }]);
    }
    const found = verdicts.flatMap((verdict) => {
      const alert = alerts[verdict.position];
      return alert === undefined ? [] : [{ alert, verdict }];
    });
    const repeats = found.filter(({ verdict }) => verdict.verdict === 'repeated');
    const others = found.filter(({ verdict }) => verdict.verdict !== 'repeated');
    return [
      ...others.map((one): Answers[number] => [one.alert, { ok: true, value: toResult(one) }]),
      ...(repeats.length === 0 ? [] : await answerRepeats(repeats)),
    ];
  }

  /**
   * One entry that the database refuses must not refuse the others. Where several share an idempotency key (the one
   * before them was refused, so that the key is free), the first of each goes ahead; else each on its own, in order.
   */
  async function acceptApart(alerts: readonly NewAlert[]): Promise<Answers> {
    const firsts = firstOfEachKey(alerts);
    if (firsts.length < alerts.length) {
      const others = alerts.filter((alert) => !firsts.includes(alert));
      return [...(await acceptRound(firsts)), ...(await acceptRound(others))];
    }
    const answers: Answers = [];
    for (const alert of alerts) answers.push(...(await acceptRound([alert])));
    return answers;
  }

  async function decide(alerts: readonly NewAlert[]): Promise<Verdict[]> {
    const asked = toAsked(alerts);
    const accept = async (run: Session['run']): Promise<Row[]> => run(ACCEPT, asked);
    const rows = session.isSingleWriter
      ? await accept(session.run)
      : await session.transaction(async (run) => {
          const ids = [...new Set(alerts.map((alert) => alert.integrationId))];
          await run(LOCK_INTEGRATIONS, JSON.stringify(ids));
          return accept(run);
        });
    // The statement answers with exactly these columns.
    return rows as unknown as Verdict[];
  }

  async function answerRepeats(repeats: readonly Found[]): Promise<Answers> {
    try {
      const holders = await findHolders(repeats);
      const stale = new Set<string>();
      const answers = repeats.flatMap(({ alert, verdict }): Answers => {
        const holder = holders.get(verdict.holderId ?? '');
        if (holder === undefined) return [];
        if (holder.createdAt <= alert.createdAt - (alert.idempotency?.windowMs ?? windowMs)) {
          stale.add(holder.id);
          return [];
        }
        const first = { record: toAlertRecord(holder), bodyHash: holder.bodyHash ?? '' };
        const value = { kind: 'repeated', ...first, integration: toIntegration({ alert, verdict }) } as const;
        return [[alert, { ok: true, value }]];
      });
      if (stale.size > 0) await session.run(FREE_KEYS, JSON.stringify([...stale]));
      return answers;
    } catch (error) {
      return repeats.map(({ alert }) => [alert, { ok: false, error }]);
    }
  }

  async function findHolders(repeats: readonly Found[]): Promise<Map<string, AlertRow>> {
    const ids = [...new Set(repeats.map(({ verdict }) => verdict.holderId))];
    // The statement selects whole rows of Alerts.
    const rows = (await session.run(FIND_ALERTS, JSON.stringify(ids))) as unknown as AlertRow[];
    return new Map(rows.map((row) => [row.id, row]));
  }

  return createGroup(acceptAll, { maxItems: MAX_BATCH });
}

interface Found {
  readonly alert: NewAlert;
  readonly verdict: Verdict;
}

function toIntegration({ alert, verdict }: Found): AcceptingIntegration {
  const { chatId, dailyLimit, status, unreachableSince, blockedAt } = verdict;
  const id = alert.integrationId;
  return {
    ...{ id, chatId, dailyLimit, status, unreachableSince },
    ...(blockedAt === null ? {} : { isBlocked: true }),
    ...(verdict.acknowledge === 1 ? { acknowledge: true } : {}),
    ...(verdict.beside === null ? {} : { shownName: shownName(id, verdict) }),
  };
}

function toResult(found: Found): AcceptResult {
  const { verdict: kind, remaining } = found.verdict;
  switch (kind) {
    case 'accepted':
      return { kind, remaining, integration: toIntegration(found) };
    case 'token_invalid':
      return { kind };
    case 'chat_mismatch':
    case 'not_active':
    case 'overflow':
    case 'quota_exhausted':
      return { kind, integration: toIntegration(found) };
    case 'repeated':
      throw new Error('a repeat is answered with its first entry');
  }
}
