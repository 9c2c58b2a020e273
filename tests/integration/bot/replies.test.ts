import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorAnswer, tooManyRequestsAnswer } from '../../../src/sandbox/bot-api-double.ts';
import { ANN, BOT_TOKEN, type BotRig, createBotRig, eventually, JOSE } from '../../support/bot-rig.ts';

const FIXED = 'Something went wrong on my side. Try again in a minute.';

describe('replies and the error boundary', () => {
  let rig: BotRig;
  beforeEach(async () => {
    rig = await createBotRig({ timeoutMs: 250 });
    rig.poller({ pollSeconds: 1 }).start();
  });
  afterEach(() => rig.close());

  const errors = () => rig.log.filter(({ level }) => level === 'error');

  it('turns an unknown error into one fixed sentence and one log entry without text, token or chat id', async () => {
    await rig.activeChat(ANN);
    rig.onAccept(async () => {
      throw new Error(`insert failed with 'the secret text' for ${ANN.id} eyJhbGciOi.a.b`);
    });
    rig.double.userSends(ANN.id, '/test the secret text');
    rig.double.userSends(ANN.id, '/test');
    expect((await rig.botSays(ANN.id, 2)).text).toBe(FIXED);
    await eventually(() => errors().length > 0);
    expect(errors()).toHaveLength(1);
    const written = JSON.stringify(rig.log);
    for (const secret of ['secret text', 'eyJ', String(ANN.id), BOT_TOKEN, 'insert failed']) {
      expect(written).not.toContain(secret);
    }
    expect(written).toContain('replies.test.ts');
    rig.double.userSends(ANN.id, '/id');
    expect((await rig.botSays(ANN.id, 3)).text).toContain(String(ANN.id));
  });

  it('never logs the bot token, whatever breaks', async () => {
    rig.double.fault({ method: 'sendMessage', action: { kind: 'invalid-json', deliver: false } });
    rig.double.fault({ method: 'sendMessage', action: { kind: 'reset' } });
    rig.double.userSends(ANN.id, '/id');
    await eventually(() => errors().length === 1);
    expect(JSON.stringify(rig.log)).not.toContain(BOT_TOKEN);
    expect(errors()[0]?.fields).toMatchObject({ told: false });
  });

  it.each(['hang', 'cut'] as const)(
    'gives up a reply after the time limit when the answer is a %s',
    async (kind) => {
      rig.double.fault({ method: 'sendMessage', chatId: ANN.id, action: { kind, deliver: false } });
      rig.double.userSends(ANN.id, '/id');
      await eventually(() => errors().length === 1);
      rig.double.userSends(ANN.id, '/id');
      await rig.botSays(ANN.id, 2);
    },
  );

  it('waits as long as a short 429 says, and then replies', async () => {
    rig.double.fault({ method: 'sendMessage', action: tooManyRequestsAnswer(1) });
    const before = performance.now();
    rig.double.userSends(ANN.id, '/id');
    await rig.botSays(ANN.id);
    expect(performance.now() - before).toBeGreaterThan(950);
    expect(errors()).toEqual([]);
  });

  it('gives up the replies to a chat after a long 429, at once, without holding up other chats', async () => {
    const fault = rig.double.fault({
      method: 'sendMessage',
      chatId: ANN.id,
      action: tooManyRequestsAnswer(600),
    });
    for (let i = 0; i < 5; i++) rig.double.userSends(ANN.id, '/id');
    rig.double.userSends(JOSE.id, '/id');
    await rig.botSays(JOSE.id);
    await eventually(
      () => rig.log.filter(({ message }) => message.includes('rejected a reply')).length === 5,
    );
    expect(fault.hits).toBe(1);
    const sent = rig.double.calls.filter(
      ({ method, chatId }) => method === 'sendMessage' && chatId === ANN.id,
    );
    expect(sent).toHaveLength(1);
  });

  it('says nothing more to a chat that has blocked it just now', async () => {
    rig.double.fault({
      method: 'sendMessage',
      times: 'always',
      action: errorAnswer(403, 'Forbidden: bot was blocked by the user'),
    });
    rig.double.userSends(ANN.id, '/id');
    await eventually(() => rig.log.some(({ message }) => message.includes('rejected a reply')));
    expect(rig.double.calls.filter(({ method }) => method === 'sendMessage')).toHaveLength(1);
    expect(errors()).toEqual([]);
  });

  it('drops an update that comes again', async () => {
    const update = {
      update_id: 900_001,
      message: { message_id: 1, date: 1, chat: { id: ANN.id, type: 'private' }, from: ANN, text: '/id' },
    } as never;
    await Promise.all([rig.bot.handle(update), rig.bot.handle(update)]);
    await rig.bot.handle(update);
    expect(rig.double.messages(ANN.id)).toHaveLength(1);
  });

  it('survives updates of unknown form', async () => {
    await rig.bot.handle({ update_id: 900_002 } as never);
    await rig.bot.handle({ update_id: 900_003, something_new: { of: 2030 } } as never);
    await rig.bot.handle({ update_id: 900_004, message: { chat: { id: ANN.id, type: 'private' } } } as never);
    expect(errors()).toEqual([]);
  });
});
