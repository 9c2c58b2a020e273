import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiFixture, startApi } from '../../support/api-fixture.ts';
import { fuzz, fuzzTargets } from '../../support/fuzz.ts';

/** Requests of each adapter and call; `npm run fuzz` sends 10,000. */
const EACH = 60;

let fixture: ApiFixture;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => fixture.stop());

it('answers whatever is sent, and with nothing that its document does not know', async () => {
  const faults: string[] = [];
  for (const target of await fuzzTargets(fixture)) faults.push(...(await fuzz(fixture, target, EACH, 14)));
  expect(faults.slice(0, 5)).toEqual([]);
}, 60_000);
