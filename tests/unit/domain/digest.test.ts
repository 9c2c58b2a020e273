import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALERT_PRIORITIES } from '../../../src/domain/alert.ts';
import {
  DIGEST_QUIET_MS,
  DIGEST_TITLES,
  MOST_WAITING,
  overflows,
  withTitle,
} from '../../../src/domain/digest.ts';
import { isAudible, isStale, type LiveIncident, stepFor } from '../../../src/domain/incident.ts';

const MINUTE = 60_000;
const RULES = { ringAgainMs: 60 * MINUTE, staleMs: DIGEST_QUIET_MS };

describe('an alert beyond what may be sent', () => {
  it.each([
    ['goes ahead with a unit and few before it', { units: 1, waiting: 19, hasDigest: false }, false],
    ['folds without a unit', { units: 0, waiting: 0, hasDigest: false }, true],
    ['folds behind twenty', { units: 9, waiting: 20, hasDigest: false }, true],
    ['follows into a digest while others wait', { units: 9, waiting: 1, hasDigest: true }, true],
    ['goes ahead once they are out', { units: 9, waiting: 0, hasDigest: true }, false],
  ])('%s', (_, integration, expected) => {
    expect(overflows(integration)).toBe(expected);
  });

  it('shows its title among the newest five', () => {
    expect(withTitle(['d', 'c', 'b', 'a'], 'e')).toEqual({
      titleIds: ['e', 'd', 'c', 'b', 'a'],
      dropped: null,
    });
    expect(withTitle(['e', 'd', 'c', 'b', 'a'], 'f')).toEqual({
      titleIds: ['f', 'e', 'd', 'c', 'b'],
      dropped: 'a',
    });
  });
});

type Event =
  | {
      readonly kind: 'alert';
      readonly priority: (typeof ALERT_PRIORITIES)[number];
      readonly silent: boolean;
    }
  | { readonly kind: 'storm'; readonly alerts: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'sent'; readonly alerts: number }
  | { readonly kind: 'arrives' | 'uncertain' | 'reset' };

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('alert' as const),
        priority: fc.constantFrom(...ALERT_PRIORITIES),
        silent: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('storm' as const), alerts: fc.integer({ min: 1, max: 40 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.oneof(fc.integer({ min: 0, max: 2 * MINUTE }), fc.constant(DIGEST_QUIET_MS)),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('sent' as const), alerts: fc.integer({ min: 1, max: 30 }) }),
    },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom('arrives' as const, 'uncertain' as const, 'reset' as const)
        .map((kind) => ({ kind })),
    },
  ),
  { maxLength: 60 },
);

describe('any storm, with any quota', () => {
  it('loses none: each alert is a message or a part of one digest, whose count and titles are right', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 0, max: 60 }), (sequence, limit) => {
        let now = 0;
        let units = limit;
        let waiting = 0;
        let live: LiveIncident | undefined;
        let titles: readonly string[] = [];
        let folded: string[] = [];
        let rang: number | null = null;
        const total = { alerts: 0, single: 0, folded: 0 };

        for (const event of sequence) {
          if (event.kind === 'pass') now += event.ms;
          if (event.kind === 'sent') waiting = Math.max(0, waiting - event.alerts);
          if (event.kind === 'arrives' && live !== undefined) live = { ...live, isUnderWay: false };
          if (event.kind === 'uncertain' && live?.isUnderWay) live = undefined;
          if (event.kind === 'reset') [units, live] = [limit, undefined];
          if (event.kind === 'alert') take(event);
          if (event.kind === 'storm')
            for (let n = 0; n < event.alerts; n += 1) take({ priority: 'normal', silent: false });
        }
        expect(total.single + total.folded).toBe(total.alerts);

        function take(alert: { priority: (typeof ALERT_PRIORITIES)[number]; silent: boolean }): void {
          total.alerts += 1;
          const id = String(total.alerts);
          const hasDigest = live !== undefined && !isStale(live, now, RULES);
          if (!overflows({ units, waiting, hasDigest })) {
            [units, waiting, total.single] = [units - 1, waiting + 1, total.single + 1];
            expect(units).toBeGreaterThanOrEqual(0);
            expect(waiting).toBeLessThanOrEqual(MOST_WAITING);
            return;
          }
          // Nobody folds who could be sent at once.
          expect(units === 0 || waiting > 0).toBe(true);
          total.folded += 1;
          const before = live;
          const step = stepFor(before, { at: now, ...alert, resolve: false }, RULES);
          if (!('next' in step)) {
            expect(step.kind).toBe('open');
            expect(before === undefined || now - before.lastAt >= DIGEST_QUIET_MS).toBe(true);
            rang = isAudible(alert) ? now : null;
            live = {
              ...{ state: 'open', isUnderWay: true, count: 1, openedAt: now, lastAt: now, rangAt: rang },
              priority: alert.priority,
            };
            [titles, folded] = [[id], [id]];
            return;
          }
          folded.push(id);
          titles = withTitle(titles, id).titleIds;
          expect(step.next.count).toBe(folded.length);
          expect(titles).toEqual(folded.slice(-DIGEST_TITLES).toReversed());
          if (step.kind === 'ring') {
            const rises =
              ALERT_PRIORITIES.indexOf(alert.priority) > ALERT_PRIORITIES.indexOf(priorityOf(before));
            expect(rises || rang === null || now - rang >= RULES.ringAgainMs).toBe(true);
            rang = now;
          }
          live = { ...priorOf(before), ...step.next, state: 'open' };
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

function priorOf(live: LiveIncident | undefined): LiveIncident {
  if (live === undefined) throw new Error('something out of nothing');
  return live;
}
const priorityOf = (live: LiveIncident | undefined) => priorOf(live).priority;
