import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { dispatchKeys } from '../../src/queue/keys.ts';
import { type BotApiDouble, errorAnswer } from '../../src/sandbox/bot-api-double.ts';
import type { Provisioned } from '../support/provision.ts';
import type { Service } from '../support/service.ts';

export const STATES = [
  'delivered',
  'failed',
  'uncertain',
  'scheduled',
  'expired',
  'sending',
  'queued',
  'revoked',
] as const;
export type State = (typeof STATES)[number];
/** Of the keys of the queue's jobs in Redis. */
const { text } = dispatchKeys('{pingui:queue}');
/** Where Redis keeps the sealed text of an alert. */
export const textKey = text;

/** A word that is in no language, one for each field of each alert. */
export const word = (field: string, state: string): string => `vex${field}${state}qzj`;
export const FIELDS = ['title', 'message', 'url', 'button', 'tag', 'key'];
const alertOf = (state: State) => ({
  title: word('title', state),
  message: `Something <b>${word('message', state)}</b> happened`,
  url: `https://example.org/${word('url', state)}`,
  urlTitle: word('button', state),
  tags: ['first', word('tag', state)],
});

/**
 * Leaves one alert in each state, with words of its own in every field, and lets others be refused.
 * @param rig.integrations three, of three chats; the third is revoked
 */
export async function leaveAlertsInAllStates(rig: {
  double: BotApiDouble;
  service: Service;
  redis: Redis;
  integrations: readonly Provisioned[];
}): Promise<{ ids: Record<State, string>; sealedOfDelivered: string }> {
  const { double, redis } = rig;
  const ids = {} as Record<State, string>; // filled below
  const [main, blocking, revoking] = rig.integrations as [Provisioned, Provisioned, Provisioned]; // see above
  const { api } = rig.service;
  const send = async (state: State, more: object = {}, { token } = main): Promise<void> => {
    const headers = { 'Idempotency-Key': word('key', state) };
    const answer = await api.postAlert(token, { ...alertOf(state), ...more }, headers);
    expect([state, answer.status]).toEqual([state, 202]);
    ids[state] = answer.body.id;
  };
  const settled = (state: State, status: string, { token } = main) =>
    api.waitForStatus(token, ids[state], [status]);
  const fault = { method: 'sendMessage' };

  // The second expires while the first is on its way.
  double.fault({ ...fault, text: word('title', 'delivered'), delayMs: 2_500 });
  await send('delivered');
  await settled('delivered', 'sending');
  await send('expired', { ttl: 1 });
  const sealedOfDelivered: string = (await redis.get(textKey(ids.delivered))) ?? '';
  await settled('delivered', 'delivered');
  await settled('expired', 'expired');

  const blocked = errorAnswer(403, 'Forbidden: bot was blocked by the user');
  double.fault({ ...fault, text: word('title', 'failed'), action: blocked });
  await send('failed', {}, blocking);
  await settled('failed', 'failed', blocking);

  double.fault({ ...fault, text: word('title', 'uncertain'), action: { kind: 'reset', deliver: true } });
  await send('uncertain');
  await settled('uncertain', 'uncertain');

  await send('scheduled', { deliverAt: new Date(Date.now() + 3_600_000).toISOString() });
  double.fault({ ...fault, text: word('title', 'sending'), action: { kind: 'hang' } });
  await send('sending');
  await settled('sending', 'sending');
  await send('queued');
  await send('revoked', {}, revoking);
  const revoked = await api.call('/api/revokeIntegration', {
    method: 'POST',
    token: revoking.token,
    json: {},
  });
  expect(revoked.status).toBe(200);

  // What is refused is not written down either.
  const refused = await api.postAlert(main.token, { message: word('message', 'refused'), format: 'none' });
  expect(refused.status).toBe(400);
  const malformed = await api.call('/api/alert', {
    method: 'POST',
    token: main.token,
    headers: { 'content-type': 'application/json' },
    rawBody: `{"message": "${word('message', 'malformed')}" oops}`,
  });
  expect(malformed.status).toBe(400);
  await api.call(`/api/alerts/${ids.queued}?word=${word('message', 'refused')}`, {
    token: `${main.token}x`,
  });
  return { ids, sealedOfDelivered };
}
