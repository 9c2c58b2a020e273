import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../chaos/ledger-reader.ts';
import type { Posted } from '../../chaos/sender.ts';
import { judgeAlerts, type TimeLimits } from '../../chaos/soak/alerts-verdict.ts';
import { type HealthSample, judgeHealth } from '../../chaos/soak/health-log.ts';
import type { Trouble } from '../../chaos/soak/troubles.ts';

const S = 1_000;
const LOCKED: Trouble = { kind: 'locked', from: 100 * S, until: 105 * S };
const FLUSHED: Trouble = { kind: 'flushed', from: 200 * S, until: 200 * S };
const SILENT: Trouble = { kind: 'silent', from: 300 * S, until: 330 * S };
const TROUBLES = [LOCKED, FLUSHED, SILENT];
const LIMITS: TimeLimits = {
  calm: 10 * S,
  recovery: { locked: 15 * S, flushed: 15 * S, refused: 60 * S, silent: 60 * S },
  lost: 70 * S,
  call: 5 * S,
};

describe('the soak finds what is wrong with an alert', () => {
  const judge = (at: number, row: Partial<LedgerRow>, arrivedAt?: number, told: Partial<Posted> = {}) => {
    const one: Posted = {
      mark: '1',
      chatId: 1,
      status: 202,
      id: 'a',
      code: undefined,
      tookMs: 10,
      at,
      ...told,
    };
    const rows = new Map([
      ['a', { id: 'a', reason: null, sendingAt: null, endedAt: null, ...row } as LedgerRow],
    ]);
    const arrivals = new Map(arrivedAt === undefined ? [] : [['1', arrivedAt]]);
    return judgeAlerts([one], rows, arrivals, TROUBLES, LIMITS).violations.length;
  };
  const lost = (endedAt: number): Partial<LedgerRow> => ({ status: 'failed', reason: 'lost', endedAt });
  const refused = (code: string): Partial<Posted> => ({ status: 503, id: undefined, code });
  const noTimeLeft: Partial<Posted> = { ...refused('queue_unavailable'), tookMs: 1_600 };

  it.each([
    ['delivered in calm', 0, judge(0, { status: 'delivered' }, 9 * S)],
    ['late in calm', 1, judge(0, { status: 'delivered' }, 11 * S)],
    ['delivered, but not seen', 1, judge(0, { status: 'delivered' })],
    ['held up by an absence', 0, judge(301 * S, { status: 'delivered' }, 380 * S)],
    ['held up for too long', 1, judge(301 * S, { status: 'delivered' }, 391 * S)],
    ['lost in the FLUSHALL', 0, judge(199 * S, lost(260 * S))],
    ['lost, but accepted after it', 1, judge(201 * S, lost(260 * S))],
    ['lost, but known too late', 1, judge(199 * S, lost(271 * S))],
    ['failed otherwise', 1, judge(199 * S, { ...lost(260 * S), reason: 'rejected' })],
    ['uncertain in an absence', 0, judge(299 * S, { status: 'uncertain', sendingAt: 299 * S })],
    ['uncertain in a lock', 1, judge(100 * S, { status: 'uncertain', sendingAt: 101 * S })],
    ['still queued', 1, judge(0, { status: 'queued' })],
    ['refused in a lock', 0, judge(103 * S, {}, undefined, refused('database_unavailable'))],
    ['refused late in a lock, which left the queue no time', 0, judge(103 * S, {}, undefined, noTimeLeft)],
    [
      'refused in a lock, by the queue, at once',
      1,
      judge(103 * S, {}, undefined, refused('queue_unavailable')),
    ],
    ['refused in calm, late', 1, judge(0, {}, undefined, noTimeLeft)],
    ['refused in calm', 1, judge(0, {}, undefined, refused('database_unavailable'))],
    ['refused in a lock, for a full queue', 1, judge(103 * S, {}, undefined, refused('queue_full'))],
  ])('%s: %i', (_, expected, found) => expect(found).toBe(expected));
});

describe('the soak finds when health does not tell the truth', () => {
  /** One sample a second; those for which `isBad` holds say that the database is locked. */
  const judge = (isBad: (second: number) => boolean, http = 503) => {
    const samples: HealthSample[] = Array.from({ length: 250 }, (_, second) => ({
      process: 'api',
      at: second * S,
      tookMs: 5,
      http: isBad(second) ? http : 200,
      troubles: isBad(second) ? { database: 'locked' } : {},
    }));
    return judgeHealth(samples, [LOCKED], () => true).violations;
  };

  it('not where the same check has the next trouble before the end of this one had to be told', () => {
    const away: Trouble = { kind: 'refused', from: 40 * S, until: 70 * S };
    const again: Trouble = { kind: 'silent', from: 75 * S, until: 105 * S };
    const until = (end: number) => {
      const samples: HealthSample[] = Array.from({ length: 150 }, (_, second) => {
        const isBad = second > 41 && second < end;
        const troubles: Record<string, string> = isBad ? { telegram: 'unreachable' } : {};
        return { process: 'worker', at: second * S, tookMs: 5, http: 200, troubles };
      });
      return judgeHealth(samples, [away, again], () => true).violations;
    };
    expect(until(110)).toEqual([]);
    expect(until(125)).toHaveLength(1);
  });

  it.each([
    ['told, and its end', 0, judge((second) => second >= 102 && second < 107)],
    ['never told', 1, judge(() => false)],
    ['told too late', 1, judge((second) => second >= 116 && second < 118)],
    ['its end told too late', 1, judge((second) => second >= 102 && second < 125)],
    ['told as if nothing were refused', 1, judge((second) => second >= 102 && second < 107, 200)],
    ['an alarm of 5 s in calm', 0, judge((second) => second === 103 || (second > 150 && second < 156))],
    ['an alarm of 20 s in calm', 1, judge((second) => second === 103 || (second > 150 && second < 171))],
  ])('%s: %i', (_, expected, found) => expect(found).toHaveLength(expected));
});
