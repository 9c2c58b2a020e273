import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { errorAnswer } from '../../../src/sandbox/bot-api-double.ts';
import { type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createDeliveryRig, type DeliveryRig } from '../services/delivery/rig.ts';

/** Several parts, which are cut elsewhere in the plain form: there the links stand in the text. */
const MESSAGE = Array.from(
  { length: 60 },
  (_, line) => `**line ${line}** [link](https://example.com/${'p'.repeat(80)}) ${'word '.repeat(12)}`,
).join('\n');
const PLAIN = { simplicity: 1, withoutTopic: false } as const;

let server: TestRedis;
let engine: EngineRig;
let rig: DeliveryRig;
/** After so many calls the alert is put off, once. */
let putOffAfter = Number.POSITIVE_INFINITY;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  putOffAfter = Number.POSITIVE_INFINITY;
  engine = await openEngineRig(server);
  rig = await createDeliveryRig({
    pace: {
      async take({ alertId }) {
        if (rig.sends().length >= putOffAfter) {
          putOffAfter = Number.POSITIVE_INFINITY;
          return { kind: 'defer', ms: 0 };
        }
        return { kind: 'go', waitMs: 0, sealed: rig.texts.get(alertId) ?? null, isFlooded: false };
      },
    },
  });
});
afterEach(async () => {
  await engine.close();
  await rig.close();
});
afterAll(() => server.stop());

async function accept() {
  rig.double.fault({ action: errorAnswer(400, "Bad Request: can't parse entities: unsupported") });
  const chat = await rig.addChat();
  const job = await rig.accept(chat, { message: MESSAGE, format: 'markdown' });
  return { job, texts: () => rig.double.messages(chat.chatId).map(({ text }) => text) };
}

/** The texts of a message that is not put off between its parts. */
async function undisturbed() {
  const { job, texts } = await accept();
  await rig.deliver(job);
  expect(texts().length).toBeGreaterThan(2);
  return texts();
}

describe('a message whose full form was refused at its first part', () => {
  it('goes on in the plain form when it is put off before a further part', async () => {
    const expected = await undisturbed();
    const { job, texts } = await accept();
    putOffAfter = rig.sends().length + 2;
    const put = await rig.delivery.deliver(job, new AbortController().signal);
    const arrived = { parts: expected.length, messageIds: [expect.any(Number)] };
    expect(put).toEqual({ kind: 'defer', ms: 0, called: true, form: PLAIN, arrived });
    expect(texts()).toHaveLength(1);
    await rig.deliver({ ...job, form: PLAIN });
    expect(await rig.entry(job)).toMatchObject({ status: 'delivered', parts: expected.length });
    expect(texts()).toEqual(expected);
  });

  it('goes on in the plain form also with another worker', async () => {
    const expected = await undisturbed();
    const { job, texts } = await accept();
    putOffAfter = rig.sends().length + 2;
    await engine.alerts.add(job, SEALED);
    // The first has it until it is put off.
    let looks = 0;
    const first = await engine.work(async (one, stopping) => {
      looks += 1;
      if (looks > 1) return { kind: 'defer', ms: 50, called: false };
      return rig.delivery.deliver(one, stopping);
    });
    await expect.poll(() => looks, { timeout: 10_000 }).toBeGreaterThan(1);
    await first.stop();
    expect(texts()).toHaveLength(1);
    // For a ledger that is restored from a backup of before.
    const { messageIds } = await rig.entry(job);
    expect(messageIds).toHaveLength(1);
    expect(await engine.alerts.begun()).toEqual(
      new Map([[job.alertId, { parts: expected.length, messageIds }]]),
    );
    await engine.work((one, stopping) => rig.delivery.deliver(one, stopping));
    await expect.poll(() => engine.queue.getJobState(job.alertId), { timeout: 10_000 }).toBe('completed');
    expect(texts()).toEqual(expected);
  });
});
