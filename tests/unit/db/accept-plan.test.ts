import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planAccepts } from '../../../src/db/accept-plan.ts';
import type { NewAlert } from '../../../src/services/ports.ts';

const WINDOW_MS = 86_400_000;

const alertArbitrary = fc.record({
  integrationId: fc.integer({ min: 1, max: 4 }),
  key: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
});

function toAlert(entry: { integrationId: number; key: string | undefined }, index: number): NewAlert {
  return {
    id: `alert ${index}`,
    integrationId: entry.integrationId,
    format: 'plain',
    priority: 'normal',
    silent: false,
    threadId: null,
    deliverAt: null,
    expiresAt: null,
    sealedTags: null,
    hasButton: false,
    createdAt: index,
    tokenHash: null,
    idempotency: entry.key === undefined ? null : { keyHash: entry.key, bodyHash: `body ${index}` },
  };
}

it('never takes more than is left, takes a unit per entry, and accepts a key once', () => {
  fc.assert(
    fc.property(
      fc.array(alertArbitrary, { maxLength: 40 }),
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 3, maxLength: 3 }),
      (entries, limits) => {
        const alerts = entries.map(toAlert);
        // Integration 3 is revoked, 4 unknown.
        const integrations = new Map(
          limits.map((rateLimit, index) => [
            index + 1,
            { rateLimit, status: index === 2 ? 'revoked' : 'active', tokenHash: 'hash' },
          ]),
        );
        const plan = planAccepts(alerts, integrations, new Map(), WINDOW_MS);
        expect(plan.results).toHaveLength(alerts.length);
        for (const [id, { rateLimit, status }] of integrations) {
          const own = plan.inserts.filter(({ alert }) => alert.integrationId === id);
          expect(own.length).toBe(plan.units.get(id) ?? 0);
          expect(own.length).toBeLessThanOrEqual(status === 'active' ? rateLimit : 0);
          expect(own.map(({ remaining }) => remaining)).toEqual(own.map((_, index) => rateLimit - 1 - index));
          const keys = own.flatMap(({ alert }) => alert.idempotency?.keyHash ?? []);
          expect(new Set(keys).size).toBe(keys.length);
        }
        const accepted = plan.results.filter(({ kind }) => kind === 'accepted').length;
        expect(accepted).toBe(plan.inserts.length);
        alerts.forEach((alert, index) => {
          const isDead = alert.integrationId > 2;
          expect(plan.results[index]?.kind === 'not_active').toBe(isDead);
        });
      },
    ),
  );
});

it('refuses a token that was replaced since it was checked, and takes nothing for it', () => {
  const integrations = new Map([[1, { rateLimit: 5, status: 'active', tokenHash: 'new' }]]);
  const shown = (tokenHash: string | null) => ({
    ...toAlert({ integrationId: 1, key: undefined }, 0),
    tokenHash,
  });
  const plan = planAccepts([shown('old'), shown('new'), shown(null)], integrations, new Map(), WINDOW_MS);
  expect(plan.results.map(({ kind }) => kind)).toEqual(['token_replaced', 'accepted', 'accepted']);
  expect(plan.units.get(1)).toBe(2);
});
