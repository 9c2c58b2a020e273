import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { errorAnswer, type StoredMessage } from '../../../src/sandbox/bot-api-double.ts';
import {
  ANN,
  type BotRig,
  createBotRig,
  eventually,
  JOSE,
  localeIn,
  tokenIn,
} from '../../support/bot-rig.ts';

describe('the bot in a private chat', () => {
  let rig: BotRig;
  beforeEach(async () => {
    rig = await createBotRig();
    rig.poller().start();
  });
  afterEach(() => rig.close());

  const ask = async (text: string, nth: number, user = ANN) => {
    rig.double.userSends(user.id, text);
    return rig.botSays(user.id, nth);
  };
  /** The message as soon as its text holds this. */
  const changed = (message: StoredMessage, text: string) =>
    eventually(() => {
      const now = rig.double.messages(ANN.id).find((one) => one.message_id === message.message_id);
      return now?.text?.includes(text) && now;
    });
  const buttonsOf = (chatId: number) =>
    rig.double.messages(chatId).flatMap(({ reply_markup }) => reply_markup?.inline_keyboard.flat() ?? []);
  const button = (message: Awaited<ReturnType<typeof ask>>, word: string): string => {
    const data = message.reply_markup?.inline_keyboard.flat().map((one) => one.callback_data ?? '');
    const found = data?.find((one) => one.startsWith(word));
    if (found === undefined) throw new Error(`no button ${word} in ${data}`);
    return found;
  };

  it('goes from /start by /token and /integrations to a confirmed /revoke', async () => {
    expect((await ask('/start', 1)).text).toContain('Ann');
    expect(await rig.integrations()).toMatchObject([{ chatId: ANN.id, status: 'pending' }]);

    const offer = await ask('/token  nightly backup', 2);
    const setup = tokenIn(offer.text);
    expect(offer.text).toContain('once');
    expect(offer.text).toMatch(/It works once, within [45] minutes\./);
    expect(offer.text).toContain('curl -X POST https://alerts.example.org/api/createIntegration');
    const { integration } = await rig.exchange(setup);
    expect(integration).toMatchObject({ status: 'active', name: 'nightly backup', chatId: ANN.id });

    const list = await ask('/integrations', 3);
    expect(list.text).toContain(`nightly backup #${integration.id}: active, 10 of 10`);

    // The question takes the place of the list, whose buttons are gone with it.
    rig.double.pressButton(ANN.id, list.message_id, button(list, 'revoke:'));
    const question = await changed(list, 'Revoke “nightly backup');
    const pressed = rig.double.pressButton(ANN.id, question.message_id, button(question, 'revoke-yes:'));
    await eventually(async () => (await rig.integration(integration.id))?.status === 'revoked');
    await eventually(() => rig.double.callbackAnswer(pressed));
    expect((await changed(question, 'is revoked')).reply_markup).toBeUndefined();
    expect((await ask('/integrations', 4)).text).toContain('/token');
    expect(buttonsOf(ANN.id)).toEqual([]);
  });

  it('speaks the language of the sender', async () => {
    expect((await ask('/start', 1, JOSE)).text).toContain('¡Hola, José!');
    expect((await ask('/quota', 2, JOSE)).text).toContain('ninguna integración activa');
    expect((await ask('/token', 3, JOSE)).text).toContain('«integración 1»');
    expect((await ask('/help', 4, JOSE)).text).toContain('"message":"Terminada sin errores"');
  });

  it.each([
    [ANN, 'The integration “nightly <b>” is set up: its alerts arrive in this chat.'],
    [JOSE, 'La integración «nightly <b>» ya está configurada: sus alertas llegarán a este chat.'],
  ])(
    'tells the chat that its integration was set up, silently and in the language of /token',
    async (user, text) => {
      const offer = await ask('/token nightly <b>', 1, user);
      const setup = tokenIn(offer.text);
      const { integration } = await rig.exchange(setup);
      await rig.bot.tellSetUp(integration, localeIn(setup));
      expect((await rig.botSays(user.id, 2)).text).toBe(text);
      const sent = rig.double.calls.findLast(({ method }) => method === 'sendMessage');
      expect(sent?.payload.disable_notification).toBe(true);
    },
  );

  it('logs that a chat could not be told, and goes on', async () => {
    await rig.bot.tellSetUp({ id: 1, chatId: 404, name: 'secret' }, 'en');
    expect(rig.log.at(-1)).toMatchObject({ level: 'warn', fields: { chatId: 'hash-of-404' } });
    expect(JSON.stringify(rig.log)).not.toContain('secret');
  });

  it('hides and shows the name in alerts of one of several integrations', async () => {
    const web = await rig.activeChat(ANN, 'web');
    expect((await ask('/integrations', 1)).reply_markup?.inline_keyboard).toHaveLength(1);
    const db = await rig.activeChat(ANN, 'db');
    const list = await ask('/integrations', 2);
    const press = async (data: string) => {
      const id = rig.double.pressButton(ANN.id, list.message_id, data);
      return eventually(() => rig.double.callbackAnswer(id));
    };
    const now = () => rig.double.messages(ANN.id).find((one) => one.message_id === list.message_id);
    const texts = () =>
      now()
        ?.reply_markup?.inline_keyboard.flat()
        .map(({ text }) => text);
    const [w, d] = [`web #${web.id}`, `db #${db.id}`];
    expect(texts()).toEqual([
      ...[`Revoke ${w}`, `Revoke ${d}`],
      ...[`Hide “${w}” in its alerts`, `Hide “${d}” in its alerts`],
    ]);

    expect(await press(`name-off:${web.id}`)).toMatchObject({
      text: 'Alerts from “web” no longer show its name.',
    });
    await eventually(() => texts()?.[2] === `Show “${w}” in its alerts`);
    expect((await rig.integration(web.id))?.showName).toBe(false);
    expect((await rig.integration(db.id))?.showName).toBe(true);

    expect(await press(`name-on:${web.id}`)).toMatchObject({ text: 'Alerts from “web” now show its name.' });
    await eventually(() => texts()?.[2] === `Hide “${w}” in its alerts`);
    const stranger = await rig.activeChat(JOSE, 'his');
    const callback = {
      id: '1',
      from: ANN,
      chat_instance: 'x',
      data: `name-off:${stranger.id}`,
      message: list,
    };
    await rig.bot.handle({ update_id: 900_001, callback_query: callback } as never);
    expect((await rig.integration(stranger.id))?.showName).toBe(true);
  });

  it('tolerates any /start payload', async () => {
    for (const [nth, payload] of ['x', 'token_', 'token_12_%%', 'ref_abc'].entries()) {
      expect((await ask(`/start ${payload}`, nth + 1)).text).toContain('registered');
    }
  });

  it('answers /temporal_token as /token, and says why a name is refused', async () => {
    tokenIn((await ask('/temporal_token', 1)).text);
    expect((await ask(`/token ${'x'.repeat(65)}`, 2)).text).toContain('1 to 64');
    expect(rig.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('stops issuing tokens after 20 in a minute', async () => {
    for (let i = 0; i < 21; i++) rig.double.userSends(ANN.id, '/token');
    expect((await rig.botSays(ANN.id, 21)).text).toContain('Try again in');
    expect(await rig.integrations()).toHaveLength(20);
  });

  it('revokes by name or id, asks which one where it is not clear, and cancels', async () => {
    const first = await rig.activeChat(ANN, 'web');
    await rig.activeChat(ANN, 'db');
    const which = await ask('/revoke', 1);
    expect(which.reply_markup?.inline_keyboard).toHaveLength(2);
    expect((await ask('/revoke nothing', 2)).text).toContain('no integration called “nothing”');
    expect((await ask('/revoke DB', 3)).text).toContain('Revoke “db #');
    const byId = await ask(`/revoke #${first.id}`, 4);
    expect(byId.text).toContain(`Revoke “web #${first.id}”?`);
    rig.double.pressButton(ANN.id, byId.message_id, button(byId, 'revoke-no:'));
    expect((await changed(byId, 'Nothing was revoked.')).reply_markup).toBeUndefined();
    rig.double.pressButton(ANN.id, which.message_id, button(which, `revoke:${first.id}`));
    const question = await changed(which, `Revoke “web #${first.id}”?`);
    rig.double.pressButton(ANN.id, which.message_id, button(question, 'revoke-no:'));
    expect((await changed(which, 'Nothing was revoked.')).reply_markup).toBeUndefined();
    expect((await rig.integration(first.id))?.status).toBe('active');
  });

  it('asks in a new message where the list can no longer be edited', async () => {
    await rig.activeChat(ANN, 'web');
    const list = await ask('/integrations', 1);
    rig.double.fault({
      method: 'editMessageText',
      action: errorAnswer(400, "Bad Request: message can't be edited"),
    });
    rig.double.pressButton(ANN.id, list.message_id, button(list, 'revoke:'));
    expect((await rig.botSays(ANN.id, 2)).text).toContain('Revoke “web #');
  });

  it('tells apart what has the same name, in the list and on the buttons', async () => {
    const [one, two] = [await rig.activeChat(ANN, 'web'), await rig.activeChat(ANN, 'web')];
    const list = await ask('/integrations', 1);
    for (const { id } of [one, two]) expect(list.text).toContain(`web #${id}: active`);
    expect(buttonsOf(ANN.id).map(({ text }) => text)).toEqual([
      `Revoke web #${one.id}`,
      `Revoke web #${two.id}`,
      `Hide “web #${one.id}” in its alerts`,
      `Hide “web #${two.id}” in its alerts`,
    ]);
    expect((await ask(`/test #${two.id}`, 2)).text).toContain('A test alert');
    expect(rig.accepted[0]?.integration.id).toBe(two.id);
  });

  it('lists what waits for its exchange once, however often it is asked for, and says when that is over', async () => {
    await ask('/start', 1);
    expect((await ask('/integrations', 2)).text).not.toContain('•');
    await ask('/token web', 3);
    const second = await ask('/token web', 4);
    const list = await ask('/integrations', 5);
    expect(list.text?.match(/web/g)).toHaveLength(1);
    const [{ id } = { id: 0 }] = await rig.integrations();
    expect(list.text).toContain(`• web #${id}: pending`);
    expect(buttonsOf(ANN.id).map(({ text }) => text)).toEqual([`Revoke web #${id}`]);
    expect((await rig.exchange(tokenIn(second.text))).integration.id).toBe(id);

    await ask('/token db', 6);
    await rig.patch(id + 1, { expiresAt: Date.now() - 1 });
    const later = await ask('/integrations', 7);
    expect(later.text).toContain(`• db #${id + 1}: expired`);
    expect(later.reply_markup?.inline_keyboard).toHaveLength(1);
    await rig.patch(id + 1, { expiresAt: Date.now() - 86_400_000 });
    expect((await ask('/integrations', 8)).text).not.toContain('db');
  });

  it('ignores ids in buttons that belong to another chat', async () => {
    const foreign = await rig.activeChat(JOSE, 'of jose');
    await rig.activeChat(ANN, 'of ann');
    const question = await ask('/revoke of ann', 1);
    await rig.bot.handle({
      update_id: 900_001,
      callback_query: {
        id: 'made up',
        from: ANN,
        chat_instance: '1',
        data: `revoke-yes:${foreign.id}`,
        message: { ...question, chat: { id: ANN.id, type: 'private', first_name: 'Ann' } },
      },
    } as never);
    expect((await rig.integration(foreign.id))?.status).toBe('active');
    expect(rig.double.messages(ANN.id).at(-1)?.text).toContain('already been revoked');
  });

  it('keeps callback data within 64 bytes for the largest id', async () => {
    const { id } = await rig.activeChat(ANN);
    await rig.patch(id, { id: Number.MAX_SAFE_INTEGER });
    const list = await ask('/integrations', 1);
    expect(Buffer.byteLength(button(list, 'revoke:'))).toBeLessThanOrEqual(64);
  });

  it('shows the quota and its reset in the configured time zone', async () => {
    const { id } = await rig.activeChat(ANN);
    await rig.patch(id, { rateLimit: 3 });
    const { text } = await ask('/quota', 1);
    expect(text).toContain(`backup #${id}: 3 of 10`);
    expect(text).toMatch(/00:00 Europe\/Madrid \(in \d+ h \d+ min\)/);
  });

  it('sends a test alert through the service, for the integration with most quota, and says what is left', async () => {
    expect((await ask('/test', 1)).text).toContain('no active integration');
    const spent = await rig.activeChat(ANN, 'spent');
    await rig.patch(spent.id, { rateLimit: 0 });
    await rig.activeChat(ANN, 'fresh');
    expect((await ask('/test', 2)).text).toContain('9 alerts left');
    expect(rig.accepted).toHaveLength(1);
    expect(rig.accepted[0]).toMatchObject({
      integration: { name: 'fresh' },
      request: { title: 'Test alert' },
    });
    expect(rig.accepted[0]?.idempotencyKey).toMatch(/^telegram-update-\d+-\d+$/);
  });

  it('says why a test alert is refused', async () => {
    await rig.activeChat(ANN);
    rig.onAccept(async () => {
      throw new AppError('quota_exhausted', 'detail for programs');
    });
    expect((await ask('/test', 1)).text).toContain('used up');
  });

  it('shows the chat id, the help and hints', async () => {
    expect((await ask('/id', 1)).text).toContain(String(ANN.id));
    expect((await ask('/get_me', 2)).text).toContain(String(ANN.id));
    expect((await ask('/help', 3)).text).toContain('/api/alert');
    expect((await ask('/nonsense', 4)).text).toContain("don't know that command");
    expect((await ask('hello?', 5)).text).toContain('only understand commands');
  });

  it('marks a chat that blocked the bot, and says so when it returns', async () => {
    const { id } = await rig.activeChat(ANN);
    await ask('/id', 1);
    rig.double.setBotStatus(ANN.id, 'blocked', ANN);
    await eventually(async () => (await rig.integration(id))?.unreachableReason === 'bot_blocked');
    rig.double.setBotStatus(ANN.id, 'member', ANN);
    expect((await rig.botSays(ANN.id, 2)).text).toContain('reach this chat again');
    expect((await rig.integration(id))?.unreachableSince).toBeNull();
  });

  it('says so too when the return shows only by /start', async () => {
    await rig.activeChat(ANN);
    await rig.service.chatLost(ANN.id, 'bot_blocked');
    expect((await ask('/start', 1)).text).toContain('reach this chat again');
  });
});
