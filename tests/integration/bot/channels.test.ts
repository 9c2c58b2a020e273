import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../../../src/sandbox/bot-api-double.ts';
import { ANN, type BotRig, createBotRig, eventually, JOSE, tokenIn } from '../../support/bot-rig.ts';

const CHANNEL = -1_000_000_500_300;
/** An administrator of the channel who has never opened a chat with the bot. */
const EVE: User = { id: 7_009, is_bot: false, first_name: 'Eve', language_code: 'en' };

describe('the bot in a channel', () => {
  let rig: BotRig;
  beforeEach(async () => {
    rig = await createBotRig();
    rig.double.addChat({ id: CHANNEL, type: 'channel', title: 'News' });
    rig.double.addMember(CHANNEL, ANN, 'creator');
    rig.double.addMember(CHANNEL, EVE, 'administrator');
    rig.double.addMember(CHANNEL, JOSE, 'member');
    rig.double.setBotStatus(CHANNEL, 'left', ANN);
    rig.poller().start();
  });
  afterEach(() => rig.close());

  const add = (by = ANN, canPost = true) => rig.double.setBotStatus(CHANNEL, 'administrator', by, canPost);
  const posts = () => rig.double.messages(CHANNEL).filter(({ from }) => from?.id === rig.double.bot.id);
  const linkOf = (message: Awaited<ReturnType<BotRig['botSays']>>) =>
    new URL(message.reply_markup?.inline_keyboard[0]?.[0]?.url ?? 'none:');
  const errors = () => rig.log.filter(({ level }) => level === 'error');
  const settled = () => eventually(() => rig.double.pendingUpdates === 0);
  /** What its creator does in the channel, once the bot has answered being added. */
  const post = async (text: string, nth = 1) => {
    rig.double.userSends(CHANNEL, text, ANN);
    return rig.botSays(CHANNEL, nth);
  };

  it('offers the token in private to whoever made it an administrator', async () => {
    add();
    const offer = await rig.botSays(ANN.id);
    expect(offer.text).toContain('News');
    expect(await rig.integrations()).toMatchObject([{ chatId: CHANNEL, status: 'pending' }]);
    rig.double.userSends(ANN.id, `/start ${linkOf(offer).searchParams.get('start')}`);
    expect((await rig.exchange(tokenIn((await rig.botSays(ANN.id, 2)).text))).integration.chatId).toBe(
      CHANNEL,
    );
    expect(posts()).toEqual([]);
  });

  it('says in the channel what to do when that person has no chat with it', async () => {
    add(EVE);
    const line = await rig.botSays(CHANNEL);
    expect(line.text).toContain('This channel is registered');
    expect(line.text).not.toContain('\n');
    expect(linkOf(line).searchParams.get('start')).toBe(`token_${CHANNEL}`);
    expect(errors()).toEqual([]);
  });

  it('tells the person, in their language, that it may not post, and goes on once it may', async () => {
    rig.double.addMember(CHANNEL, JOSE, 'administrator');
    add(JOSE, false);
    expect((await rig.botSays(JOSE.id)).text).toContain('No tengo permiso para escribir en News');
    add(JOSE, false); // other rights have changed
    add(JOSE);
    expect(linkOf(await rig.botSays(JOSE.id, 2)).searchParams.get('start')).toBe(`token_${CHANNEL}`);
    add(JOSE);
    rig.double.userSends(JOSE.id, '/id');
    expect((await rig.botSays(JOSE.id, 3)).text).toContain(String(JOSE.id));
    expect(posts()).toEqual([]);
  });

  it('marks a channel where it may no longer post, tells who did it, and comes back', async () => {
    add();
    const setup = await rig.service.issueSetupToken(CHANNEL, 'deploys');
    const { integration } = await rig.exchange(setup.token);
    await rig.botSays(ANN.id);
    add(ANN, false);
    expect((await rig.botSays(ANN.id, 2)).text).toContain('may not write in News');
    expect((await rig.integration(integration.id))?.unreachableReason).toBe('no_write_access');
    add();
    expect((await rig.botSays(CHANNEL)).text).toContain('reach this chat again');
    expect((await rig.integration(integration.id))?.unreachableSince).toBeNull();
    rig.double.setBotStatus(CHANNEL, 'member', ANN);
    expect((await rig.botSays(ANN.id, 3)).text).toContain('may not write in News');
  });

  it('answers /start as a post with one line and the button', async () => {
    add();
    await rig.botSays(ANN.id);
    const answer = await post('/start');
    expect(answer.text).toContain('This channel is registered');
    expect(linkOf(answer).searchParams.get('start')).toBe(`token_${CHANNEL}`);
  });

  it.each(['/token deploys', '/temporal_token deploys'])('answers %s with the button alone', async (text) => {
    add();
    await rig.botSays(ANN.id);
    const answer = await post(text);
    expect(answer.text).not.toContain('eyJ');
    rig.double.userSends(ANN.id, `/start ${linkOf(answer).searchParams.get('start')}`);
    expect((await rig.exchange(tokenIn((await rig.botSays(ANN.id, 2)).text))).integration).toMatchObject({
      chatId: CHANNEL,
      name: 'deploys',
    });
  });

  it('gives no token to a subscriber who opens that link', async () => {
    add();
    rig.double.userSends(JOSE.id, `/start token_${CHANNEL}`);
    expect((await rig.botSays(JOSE.id)).text).toContain('Solo los administradores');
  });

  it('answers the other commands, and lets administrators alone press their buttons', async () => {
    add();
    const { integration } = await rig.exchange((await rig.service.issueSetupToken(CHANNEL, 'web')).token);
    expect((await post('/quota')).text).toContain('web');
    expect((await post('/test', 2)).text).toContain('A test alert from “web”');
    const question = await post('/revoke web', 3);
    const yes = `revoke-yes:${integration.id}`;
    const refused = rig.double.pressButton(CHANNEL, question.message_id, yes, JOSE);
    expect(await eventually(() => rig.double.callbackAnswer(refused))).toMatchObject({ showAlert: true });
    rig.double.pressButton(CHANNEL, question.message_id, yes, EVE);
    await eventually(async () => (await rig.integration(integration.id))?.status === 'revoked');
    rig.double.userSends(CHANNEL, 'The site is up again', ANN);
    rig.double.userSends(CHANNEL, '/nonsense', ANN);
    expect((await post('/id', 4)).text).toContain(String(CHANNEL));
    expect(errors()).toEqual([]);
  });

  it('does not answer a post a second time in the discussion group that Telegram copies it to', async () => {
    const group = { id: -1_000_000_500_301, type: 'supergroup', title: 'Talk' } as const;
    const channel = { id: CHANNEL, type: 'channel', title: 'News' } as const;
    rig.double.addChat(group);
    await rig.bot.handle({
      update_id: 900_001,
      message: {
        ...{ message_id: 1, date: 1, chat: group, sender_chat: channel, is_automatic_forward: true },
        ...{ from: { id: 777_000, is_bot: false, first_name: 'Telegram' }, text: '/token' },
      },
    } as never);
    expect(rig.double.messages(group.id)).toEqual([]);
  });

  it('bears that it may not answer a post', async () => {
    add(ANN, false);
    await rig.botSays(ANN.id);
    rig.double.userSends(CHANNEL, '/token', ANN);
    await settled();
    expect(posts()).toEqual([]);
    expect(rig.log.filter(({ level }) => level !== 'info')).toMatchObject([
      { level: 'warn', message: 'Telegram rejected a reply from the bot' },
    ]);
  });
});
