import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import type { User } from '../../../src/sandbox/bot-api-double.ts';
import type { Pressed } from '../../../src/services/incidents/acknowledgements.ts';
import { ANN, type BotRig, createBotRig, eventually, GROUP, JOSE } from '../../support/bot-rig.ts';

const CHANNEL = -1_000_000_500_301;
const ID = '01999999-0000-7000-8000-00000000000a';
const STRANGER: User = { id: 7_011, is_bot: false, first_name: 'Eve', language_code: 'en' };
const AT = Date.UTC(2026, 10, 27, 13, 5);

describe('the buttons of an alert', () => {
  let rig: BotRig;
  let presses: { press: string; id: string; by: { chatId: number; name: string } }[];
  let result: Pressed;
  beforeEach(async () => {
    rig = await createBotRig();
    presses = [];
    result = { kind: 'acknowledged', isNew: true, acknowledgement: { at: AT, by: 'Ann' } };
    rig.onPress(async (press, id, by) => {
      presses.push({ press, id, by });
      return result;
    });
    rig.double.addChat({ id: GROUP, type: 'supergroup', title: 'Operations' });
    rig.double.addMember(GROUP, ANN, 'member');
    rig.double.addChat({ id: CHANNEL, type: 'channel', title: 'News' });
    rig.double.addMember(CHANNEL, ANN, 'administrator');
    rig.double.addMember(CHANNEL, JOSE, 'member');
    // A stranger that Telegram knows from elsewhere.
    rig.double.addChat({ id: STRANGER.id, type: 'private', first_name: 'Eve' });
    rig.double.addMember(STRANGER.id, STRANGER);
    rig.poller().start();
  });
  afterEach(() => rig.close());

  /** An alert with buttons, as the worker sends it. */
  async function alertIn(chatId: number, data = `ack:${ID}`): Promise<number> {
    const keys = [
      [{ text: 'Open', url: 'https://x.example' }],
      [{ text: 'Acknowledge', callback_data: data }],
    ];
    const sent = await rig.bot.api.telegram.sendMessage(chatId, 'disk full', {
      reply_markup: { inline_keyboard: keys },
    });
    return sent.message_id;
  }
  async function press(chatId: number, by: User, data = `ack:${ID}`) {
    const query = rig.double.pressButton(chatId, await alertIn(chatId, data), data, by);
    return eventually(() => rig.double.callbackAnswer(query));
  }
  const names = () => presses.map(({ by }) => by.name);

  it('are anybody’s in a private chat and in a group, who hear what is true now', async () => {
    expect((await press(ANN.id, ANN)).text).toBe("You're on it: the message says so now.");
    result = { kind: 'acknowledged', isNew: false, acknowledgement: { at: AT, by: 'Ada' } };
    expect((await press(GROUP, ANN)).text).toBe('Ada has been on it since 14:05.');
    result = { kind: 'open', isNew: true };
    expect((await press(JOSE.id, JOSE, `ack-off:${ID}`)).text).toBe('Hecho: ahora no se encarga nadie.');
    expect(presses).toEqual([
      { press: 'acknowledge', id: ID, by: { chatId: ANN.id, name: 'Ann' } },
      { press: 'acknowledge', id: ID, by: { chatId: GROUP, name: 'Ann' } },
      { press: 'release', id: ID, by: { chatId: JOSE.id, name: 'José' } },
    ]);
  });

  it('are no stranger’s in a public group, and in a channel administrators’ alone', async () => {
    expect(await press(GROUP, STRANGER)).toMatchObject({
      showAlert: true,
      text: expect.stringMatching(/^Only members/),
    });
    expect(await press(CHANNEL, JOSE)).toMatchObject({
      showAlert: true,
      text: expect.stringMatching(/administradores/),
    });
    expect(presses).toEqual([]);
    await press(CHANNEL, ANN);
    expect(names()).toEqual(['Ann']);
    // Asked once for each person and chat.
    await press(CHANNEL, ANN);
    expect(rig.double.calls.filter(({ method }) => method === 'getChatMember')).toHaveLength(3);
  });

  it('name no administrator who is anonymous, and no more of a name than one line', async () => {
    rig.double.addMember(GROUP, JOSE, 'administrator', true);
    await press(GROUP, JOSE);
    await press(GROUP, {
      id: 1_087_968_824,
      is_bot: true,
      first_name: 'Group',
      username: 'GroupAnonymousBot',
    });
    await press(ANN.id, { ...ANN, first_name: 'Ann\n✅ Resolved \u202e', last_name: 'x'.repeat(100) });
    expect(names()).toEqual(['anonymous admin', 'anonymous admin', `Ann ✅ Resolved ${'x'.repeat(49)}`]);
  });

  it('go from what is over or unknown, and leave the link', async () => {
    for (const kind of ['over', 'unknown'] as const) {
      result = { kind };
      expect((await press(GROUP, ANN)).text).toMatch(kind === 'over' ? /^This is over/ : /no longer does/);
      await eventually(() => {
        const buttons = rig.double.messages(GROUP).at(-1)?.reply_markup?.inline_keyboard.flat();
        return buttons?.length === 1 && buttons[0]?.url !== undefined;
      });
    }
  });

  it('do nothing with data that was made up, and say in private what went wrong', async () => {
    expect((await press(ANN.id, ANN, 'ack:1 OR 1=1')).text).toMatch(/no longer does/);
    expect(presses).toEqual([]);
    rig.onPress(async () => {
      throw new AppError('database_unavailable', 'slow');
    });
    expect(await press(GROUP, ANN)).toMatchObject({
      showAlert: true,
      text: expect.stringMatching(/right now/),
    });
    // No sentence in the chat.
    expect(rig.double.messages(GROUP).map(({ text }) => text)).toEqual(['disk full']);
    expect(rig.log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
