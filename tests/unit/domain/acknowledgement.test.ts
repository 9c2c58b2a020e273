import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSingle, mayChange, personName, stateAfter } from '../../../src/domain/acknowledgement.ts';
import { codePoint } from '../../support/code-points.ts';

describe('a name', () => {
  it.each([
    [['Ada', undefined], undefined, 'Ada'],
    [['Ada', 'Lovelace'], undefined, 'Ada Lovelace'],
    [['Ada\n✅ Resolved\tafter'], undefined, 'Ada ✅ Resolved after'],
    [['\u202Eadb\u2066x'], undefined, 'adbx'],
    [['👩‍🚒 Zoë'], undefined, '👩‍🚒 Zoë'],
    [['\u3164', '\u200b'], 'ada', 'ada'],
    [[], undefined, 'somebody'],
  ])('%j is shown as one line', (names, otherwise, shown) => {
    expect(personName(names, otherwise)).toBe(shown);
  });

  it('is never longer than 64 characters, nor cut in the middle of one', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: codePoint, maxLength: 200 }),
        fc.string({ unit: codePoint }),
        (first, last) => {
          const name = personName([first, last]);
          expect(name.length).toBeLessThanOrEqual(64);
          expect(Buffer.from(name).toString()).toBe(name);
          expect(name).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
          expect(name.trim()).not.toBe('');
        },
      ),
    );
  });
});

describe('a press', () => {
  it('changes what is open or acknowledged, and nothing that is so already or over', () => {
    const press = (state: Parameters<typeof stateAfter>[0]['state']) => [
      stateAfter({ state }, 'acknowledge'),
      stateAfter({ state }, 'release'),
    ];
    expect(press('open')).toEqual(['acknowledged', undefined]);
    expect(press('acknowledged')).toEqual([undefined, 'open']);
    expect(press('resolved')).toEqual([undefined, undefined]);
    expect(press('stale')).toEqual([undefined, undefined]);
  });
});

describe('what may still have to change', () => {
  it.each([
    ['an open incident', { state: 'open', closedAt: null, hasButtons: false }, [false, true]],
    ['a resolved one', { state: 'resolved', closedAt: 5, hasButtons: true }, [false, false]],
    ['a stale one', { state: 'stale', closedAt: 5, hasButtons: true }, [false, false]],
    ['an alert of its own', { state: 'acknowledged', closedAt: 5, hasButtons: true }, [true, true]],
    ['one without buttons', { state: 'open', closedAt: 5, hasButtons: false }, [true, false]],
  ] as const)('%s', (_, incident, [single, changes]) => {
    expect([isSingle(incident), mayChange(incident)]).toEqual([single, changes]);
  });
});
