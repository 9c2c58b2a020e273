import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stateAfter } from '../../../src/domain/acknowledgement.ts';
import { ALERT_PRIORITIES } from '../../../src/domain/alert.ts';
import {
  type IncidentAlert,
  isAudible,
  type LiveIncident,
  type Resolve,
  stepFor,
} from '../../../src/domain/incident.ts';

const MINUTE = 60_000;
const RULES = { ringAgainMs: 60 * MINUTE, staleMs: 72 * 60 * MINUTE };

const incident = (change: Partial<LiveIncident> = {}): LiveIncident => ({
  state: 'open',
  isUnderWay: false,
  count: 1,
  openedAt: 0,
  lastAt: 0,
  priority: 'normal',
  rangAt: 0,
  ...change,
});
const alert = (change: Partial<IncidentAlert> = {}): IncidentAlert => ({
  at: MINUTE,
  priority: 'normal',
  silent: false,
  resolve: false,
  ...change,
});
const kindFor = (before: LiveIncident | undefined, next: IncidentAlert) => stepFor(before, next, RULES).kind;

describe('an alert that names an incident', () => {
  it.each([
    ['opens one where there is none', undefined, alert(), 'open'],
    ['says resolved where there is none', undefined, alert({ resolve: true }), 'message'],
    ['is ignored where there is none, if it says so', undefined, alert({ resolve: 'if-open' }), 'ignore'],
    ['joins a message that is on its way', incident({ isUnderWay: true }), alert(), 'join'],
    ['folds into a message that is there', incident(), alert(), 'fold'],
    ['rings again an hour after the last ring', incident(), alert({ at: 60 * MINUTE }), 'ring'],
    ['rings when the priority rises', incident(), alert({ priority: 'high' }), 'ring'],
    ['does not ring when it falls', incident({ priority: 'high' }), alert(), 'fold'],
    ['does not ring silently', incident(), alert({ at: 60 * MINUTE, silent: true }), 'fold'],
    ['rings after a silent beginning', incident({ rangAt: null }), alert(), 'ring'],
    [
      'does not ring after an hour once it is acknowledged',
      incident({ state: 'acknowledged' }),
      alert({ at: 60 * MINUTE }),
      'fold',
    ],
    [
      'rings all the same when the priority rises',
      incident({ state: 'acknowledged' }),
      alert({ priority: 'high' }),
      'ring',
    ],
    ['resolves', incident({ state: 'acknowledged' }), alert({ resolve: 'if-open' }), 'resolve'],
    [
      'opens another one after three days without a word',
      incident(),
      alert({ at: 72 * 60 * MINUTE }),
      'open',
    ],
  ] as const)('%s', (_, before, next, kind) => {
    expect(kindFor(before, next)).toBe(kind);
  });

  it('leaves count and text as they are when it resolves', () => {
    const step = stepFor(incident(), alert({ resolve: true }), RULES);
    expect(step).toMatchObject({ next: { state: 'resolved', count: 1, showsText: false } });
  });

  it('never counts back, whatever the clocks of other processes say', () => {
    const step = stepFor(incident({ lastAt: 2 * MINUTE }), alert(), RULES);
    expect(step).toMatchObject({ next: { lastAt: 2 * MINUTE } });
  });
});

type Event =
  | { readonly kind: 'alert'; readonly priority: IncidentAlert['priority']; readonly silent: boolean }
  | { readonly kind: 'resolve'; readonly how: Exclude<Resolve, false> }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'arrives' | 'lost' | 'uncertain' | 'acknowledge' | 'release' };

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('alert' as const),
        priority: fc.constantFrom(...ALERT_PRIORITIES),
        silent: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('resolve' as const),
        how: fc.constantFrom(true as const, 'if-open' as const),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.oneof(fc.integer({ min: 0, max: 90 * MINUTE }), fc.constant(RULES.staleMs)),
      }),
    },
    {
      weight: 5,
      arbitrary: fc
        .constantFrom('arrives', 'lost', 'uncertain', 'acknowledge', 'release' as const)
        .map((kind) => ({ kind })),
    },
  ),
  { maxLength: 60 },
);

/** What the chat and the senders see: each message with what went into it, and each sound that it made. */
interface Seen {
  texts: number[];
  alerts: number;
  sounds: { at: number; priority: IncidentAlert['priority']; wasAcknowledged: boolean }[];
  isClosed: boolean;
}
const rank = (priority: IncidentAlert['priority']) => ALERT_PRIORITIES.indexOf(priority);

describe('any sequence of alerts, times, presses and faults', () => {
  it('keeps the count, shows the newest text, rings no more than it may, and leaves what is closed closed', () => {
    fc.assert(
      fc.property(events, (sequence) => {
        let now = 0;
        let live: LiveIncident | undefined;
        let current: Seen | undefined;
        let highest = 0;
        sequence.forEach((event, serial) => {
          if (event.kind === 'pass') now += event.ms;
          if (live !== undefined && event.kind === 'arrives') live = { ...live, isUnderWay: false };
          // Its message cannot be edited any more: a new one takes its place, and is on its way again.
          if (live !== undefined && event.kind === 'lost') live = { ...live, isUnderWay: true };
          if (live?.isUnderWay && event.kind === 'uncertain') close();
          if (live !== undefined && (event.kind === 'acknowledge' || event.kind === 'release'))
            live = { ...live, state: stateAfter(live, event.kind) ?? live.state };
          if (event.kind === 'alert') take({ at: now, resolve: false, ...event }, serial);
          if (event.kind === 'resolve')
            take({ at: now, resolve: event.how, priority: 'normal', silent: false }, serial);
        });

        function close(): void {
          if (current !== undefined) current.isClosed = true;
          live = undefined;
        }

        function take(next: IncidentAlert, serial: number): void {
          const before = live;
          const step = stepFor(before, next, RULES);
          if (!('next' in step)) {
            // It comes back as a new message alone.
            expect(before === undefined || now - before.lastAt >= RULES.staleMs).toBe(true);
            expect(step.kind === 'open').toBe(next.resolve === false);
            close();
            if (step.kind !== 'open') return;
            const sounds = isAudible(next)
              ? [{ at: now, priority: next.priority, wasAcknowledged: false }]
              : [];
            current = { texts: [serial], alerts: 1, sounds, isClosed: false };
            highest = rank(next.priority);
            const rangAt = isAudible(next) ? now : null;
            live = incident({
              isUnderWay: true,
              openedAt: now,
              lastAt: now,
              priority: next.priority,
              rangAt,
            });
            return;
          }
          if (current === undefined || before === undefined) throw new Error('something out of nothing');
          expect(current.isClosed).toBe(false);
          if (next.resolve === false) current.alerts += 1;
          if (step.next.showsText) current.texts.push(serial);
          expect(step.next.showsText).toBe(next.resolve === false);
          expect(step.next.count).toBe(current.alerts);
          if (step.kind === 'ring') {
            const last = current.sounds.at(-1);
            const rises = rank(next.priority) > highest;
            expect(last === undefined || rises || now - last.at >= RULES.ringAgainMs).toBe(true);
            expect(before.state === 'open' || rises).toBe(true);
            const wasAcknowledged = before.state === 'acknowledged';
            current.sounds.push({ at: now, priority: next.priority, wasAcknowledged });
          }
          if (next.resolve === false) highest = Math.max(highest, rank(next.priority));
          if (step.kind === 'resolve') close();
          else live = { ...before, ...step.next, state: before.state };
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
