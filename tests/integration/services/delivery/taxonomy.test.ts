import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorAnswer } from '../../../../src/sandbox/bot-api-double.ts';
import { fits, TAXONOMY } from '../../../chaos/taxonomy.ts';
import { createDeliveryRig, type DeliveryRig } from './rig.ts';

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await createDeliveryRig();
});
afterAll(() => rig.close());

describe("an answer or fault of Telegram's", () => {
  it.each(TAXONOMY)('$name ends as $status', async (row) => {
    const chat = await rig.addChat();
    for (const fault of row.faults) rig.double.fault({ ...fault, chatId: chat.chatId });
    const job = await rig.accept(chat, {}, { ...row.extra });
    const before = rig.sends().length;

    const delivery = await rig.deliver(job);

    const entry = await rig.entry(job);
    expect(fits(row, entry), `${entry.status} ${entry.reason}`).toBe(true);
    expect(rig.sends().length - before).toBe(row.calls);
    expect((await rig.integration(chat)).unreachableSince !== null).toBe(row.unreachable ?? false);
    expect(delivery).toMatchObject({
      kind: 'ended',
      outcome: { status: entry.status, ...(entry.reason === null ? {} : { reason: entry.reason }) },
    });
    // Whatever runs the job again, nothing is sent a second time.
    await rig.deliver(job);
    expect(rig.sends().length - before).toBe(row.calls);
  });

  it('a chat that moved is sent to under its new id, at once and from then on', async () => {
    const chat = await rig.addChat();
    const to = -1_000_000_000_000 - chat.chatId;
    rig.double.addChat({ id: to, type: 'supergroup', title: 'Moved' });
    const body = {
      ok: false,
      error_code: 400,
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: to },
    };
    rig.double.fault({ chatId: chat.chatId, action: { kind: 'answer', status: 400, body } });
    const jobs = [await rig.accept(chat), await rig.accept(chat)];
    for (const job of jobs) await rig.deliver(job);
    expect(rig.double.messages(to)).toHaveLength(2);
    expect((await rig.integration(chat)).chatId).toBe(to);
  });

  it('a refusal for lack of rights makes the chat unreachable only the third time in a row', async () => {
    const chat = await rig.addChat();
    const refuse = () =>
      rig.double.fault({
        chatId: chat.chatId,
        action: errorAnswer(400, 'Bad Request: not enough rights to send text messages to the chat'),
      });
    const lost = async () => (await rig.integration(chat)).unreachableSince !== null;
    const outcomes: boolean[] = [];
    // Two refusals, one delivery, three refusals.
    for (const refused of [true, true, false, true, true, true]) {
      if (refused) refuse();
      await rig.deliver(await rig.accept(chat));
      outcomes.push(await lost());
    }
    expect(outcomes).toEqual([false, false, false, false, false, true]);
  });

  it('counts them over all workers and integrations of a chat: a delivery by any begins anew', async () => {
    const chat = await rig.addChat();
    const action = errorAnswer(400, 'Bad Request: CHAT_WRITE_FORBIDDEN');
    const deliver = async (isRefused: boolean) => {
      if (isRefused) rig.double.fault({ chatId: chat.chatId, action });
      // Each by a worker that knows nothing of the others.
      await rig.another().deliver(await rig.accept(chat), new AbortController().signal);
      return (await rig.integration(chat)).unreachableSince !== null;
    };
    const outcomes: boolean[] = [];
    for (const isRefused of [true, true, false, true, true, false, true, true, true])
      outcomes.push(await deliver(isRefused));
    expect(outcomes).toEqual([...Array(8).fill(false), true]);
  });
});
