import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, bodyOf, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
let token: string;
beforeAll(async () => {
  fixture = await startApi();
  ({ token } = fixture.grant());
});
afterAll(() => fixture.stop());

describe('POST /api/alert with an incident', () => {
  it.each([
    [{ key: '' }, 'key', 'Send a string of 1 to 255 characters.'],
    [{ key: 'x'.repeat(256) }, 'key', 'Send a string of 1 to 255 characters.'],
    [{ key: 7 }, 'key', 'Send a string of 1 to 255 characters.'],
    [{ key: 'a', resolve: 'maybe' }, 'resolve', 'Send true, false or "if-open".'],
    [{ resolve: true }, 'resolve', 'resolve ends the incident of a key. Send key too.'],
    [{ resolve: 'if-open' }, 'resolve', 'resolve ends the incident of a key. Send key too.'],
    [
      { key: 'a', deliverAt: new Date(Date.now() + 60_000).toISOString() },
      'key',
      'An incident is now: send key without deliverAt.',
    ],
  ])('refuses %j and says what to change', async (fields, path, message) => {
    const res = await fixture.call('/api/alert', { token, json: { message: 'x', ...fields } });
    expect(res.status).toBe(400);
    expect(await bodyOf(res)).toMatchObject({ code: 'invalid_request', errors: [{ path, message }] });
  });

  it('tells faults between fields beside those of other fields', async () => {
    const json = { message: '', resolve: true, ttl: 'x' };
    const { errors } = await bodyOf(await fixture.call('/api/alert', { token, json }));
    expect((errors as { path: string }[]).map(({ path }) => path).sort()).toEqual([
      ...['message', 'resolve', 'ttl'],
    ]);
  });

  it('takes nothing for an incident that names none', async () => {
    const res = await fixture.call('/api/alert', {
      token,
      json: { message: 'x', key: null, resolve: false },
    });
    expect(res.status).toBe(202);
    expect(await bodyOf(res)).not.toHaveProperty('folded');
    expect(fixture.jobs.at(-1)).not.toHaveProperty('incidentId');
  });
});
