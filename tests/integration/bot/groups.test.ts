import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorAnswer, type User } from '../../../src/sandbox/bot-api-double.ts';
import { ANN, type BotRig, createBotRig, eventually, GROUP, JOSE, tokenIn } from '../../support/bot-rig.ts';

const MEMBER: User = { id: 7_003, is_bot: false, first_name: 'Max' };

describe('the bot in groups', () => {
  let rig: BotRig;
  beforeEach(async () => {
    rig = await createBotRig();
    rig.double.addChat({ id: GROUP, type: 'supergroup', title: 'Operations' });
    rig.double.addMember(GROUP, ANN, 'administrator');
    rig.double.addMember(GROUP, JOSE, 'creator');
    rig.double.addMember(GROUP, MEMBER, 'member');
    rig.poller().start();
  });
  afterEach(() => rig.close());

  const groupTexts = () => rig.double.messages(GROUP).map((message) => message.text ?? '');
  const linkOf = (message: Awaited<ReturnType<BotRig['botSays']>>) =>
    new URL(message.reply_markup?.inline_keyboard[0]?.[0]?.url ?? 'none:');
  const anonymously = (text: string, updateId: number) =>
    rig.bot.handle({
      update_id: updateId,
      message: {
        message_id: 1,
        date: 1,
        chat: { id: GROUP, type: 'supergroup', title: 'Operations' },
        from: { id: 1_087_968_824, is_bot: true, first_name: 'Group', username: 'GroupAnonymousBot' },
        sender_chat: { id: GROUP, type: 'supergroup', title: 'Operations' },
        text,
      },
    } as never);

  it('sends the token of an administrator to the private chat, never to the group', async () => {
    rig.double.userSends(GROUP, '/token deploys', ANN);
    const setup = tokenIn((await rig.botSays(ANN.id)).text);
    expect((await rig.botSays(GROUP)).text).toContain('private chat');
    expect(groupTexts().join()).not.toContain('eyJ');
    expect((await rig.exchange(setup)).integration).toMatchObject({ chatId: GROUP, name: 'deploys' });
  });

  it.each(['/token', '/temporal_token', '/revoke', '/test'])('refuses %s of a member', async (command) => {
    rig.double.userSends(GROUP, command, MEMBER);
    expect((await rig.botSays(GROUP)).text).toBe('Only administrators can do that.');
    expect(await rig.integrations()).toHaveLength(0);
    expect(rig.accepted).toEqual([]);
  });

  it('falls silent when a member goes on asking', async () => {
    for (let i = 0; i < 8; i++) rig.double.userSends(GROUP, '/token', MEMBER);
    rig.double.userSends(GROUP, '/id', MEMBER);
    expect((await rig.botSays(GROUP, 6)).text).toContain(String(GROUP));
  });

  it('refuses the buttons to members, with an alert, and takes them from administrators', async () => {
    const setup = await rig.service.issueSetupToken(GROUP, 'deploys');
    const { integration } = await rig.exchange(setup.token);
    rig.double.userSends(GROUP, '/revoke deploys', ANN);
    const question = await rig.botSays(GROUP);
    const yes = `revoke-yes:${integration.id}`;
    const refused = rig.double.pressButton(GROUP, question.message_id, yes, MEMBER);
    expect(await eventually(() => rig.double.callbackAnswer(refused))).toMatchObject({ showAlert: true });
    expect((await rig.integration(integration.id))?.status).toBe('active');
    rig.double.pressButton(GROUP, question.message_id, yes, JOSE);
    await eventually(async () => (await rig.integration(integration.id))?.status === 'revoked');
  });

  it('lets administrators alone hide a name in alerts', async () => {
    const make = async (name: string) =>
      (await rig.exchange((await rig.service.issueSetupToken(GROUP, name)).token)).integration;
    const [web] = [await make('web'), await make('db')];
    rig.double.userSends(GROUP, '/integrations', ANN);
    const list = await rig.botSays(GROUP);
    const press = (by: typeof ANN) =>
      rig.double.pressButton(GROUP, list.message_id, `name-off:${web.id}`, by);
    const refused = press(MEMBER);
    expect(await eventually(() => rig.double.callbackAnswer(refused))).toMatchObject({ showAlert: true });
    expect((await rig.integration(web.id))?.showName).toBe(true);
    press(JOSE);
    await eventually(async () => (await rig.integration(web.id))?.showName === false);
  });

  it('offers a link to an administrator who has no private chat with it, and issues the token after the link', async () => {
    rig.double.fault({
      method: 'sendMessage',
      chatId: ANN.id,
      action: errorAnswer(403, "Forbidden: bot can't initiate conversation with a user"),
    });
    rig.double.userSends(GROUP, '/token deploys', ANN);
    const offer = await rig.botSays(GROUP);
    expect(offer.text).not.toContain('eyJ');
    const link = linkOf(offer);
    expect(link.origin + link.pathname).toBe(`https://t.me/${rig.double.bot.username}`);
    const payload = link.searchParams.get('start');
    expect(payload).toMatch(/^[\w-]{1,64}$/);

    rig.double.userSends(ANN.id, `/start ${payload}`);
    const answer = await rig.botSays(ANN.id);
    expect(answer.text).toContain('Operations');
    expect((await rig.exchange(tokenIn(answer.text))).integration).toMatchObject({
      chatId: GROUP,
      name: 'deploys',
    });
  });

  it('does not issue a token after the link to somebody who is no administrator', async () => {
    rig.double.addChat({ id: MEMBER.id, type: 'private', first_name: 'Max' });
    rig.double.userSends(MEMBER.id, `/start token_${GROUP}`);
    expect((await rig.botSays(MEMBER.id)).text).toContain('Only administrators');
    expect((await rig.integrations()).filter(({ chatId }) => chatId === GROUP)).toEqual([]);
  });

  it('gives an anonymous administrator the link, since it cannot know who that is', async () => {
    await anonymously('/token', 900_001);
    const offer = await rig.botSays(GROUP);
    expect(linkOf(offer).searchParams.get('start')).toBe(`token_${GROUP}`);
    expect(await rig.integrations()).toHaveLength(0);
  });

  it('takes a person who writes as a foreign channel for no administrator', async () => {
    await rig.bot.handle({
      update_id: 900_002,
      message: {
        message_id: 2,
        date: 1,
        chat: { id: GROUP, type: 'supergroup', title: 'Operations' },
        from: { ...ANN },
        sender_chat: { id: -1_009_999, type: 'channel', title: 'Elsewhere' },
        text: '/test',
      },
    } as never);
    expect(groupTexts()).toEqual(['Only administrators can do that.']);
  });

  it('tells in private whoever lets it in but not write', async () => {
    rig.double.setBotStatus(GROUP, 'restricted', ANN);
    expect((await rig.botSays(ANN.id)).text).toContain('may not write in Operations');
  });

  it('finds an administrator in the list where Telegram does not tell of a single member', async () => {
    rig.double.fault({
      method: 'getChatMember',
      action: errorAnswer(400, 'Bad Request: CHAT_ADMIN_REQUIRED'),
    });
    rig.double.userSends(GROUP, '/token', ANN);
    tokenIn((await rig.botSays(ANN.id)).text);
    rig.double.userSends(GROUP, '/token', MEMBER);
    expect((await rig.botSays(GROUP, 2)).text).toBe('Only administrators can do that.');
  });

  it('is silent about unknown commands, plain text and commands for other bots', async () => {
    rig.double.userSends(GROUP, '/nonsense', ANN);
    rig.double.userSends(GROUP, `hello @${rig.double.bot.username}`, ANN);
    rig.double.userSends(GROUP, '/id@some_other_bot', ANN);
    rig.double.userSends(GROUP, `/id@${rig.double.bot.username}`, ANN);
    expect((await rig.botSays(GROUP)).text).toContain(String(GROUP));
    expect(groupTexts().filter((text) => text.includes('id of this chat'))).toHaveLength(1);
  });

  it('follows a group that becomes a supergroup', async () => {
    const old = -400_200;
    const next = -1_000_000_400_200;
    rig.double.addChat({ id: old, type: 'group', title: 'Small' });
    const setup = await rig.service.issueSetupToken(old, 'deploys');
    rig.double.migrateChat(old, next);
    await eventually(async () => (await rig.integration(setup.integration.id))?.chatId === next);
    await eventually(() => rig.double.pendingUpdates === 0);
    expect((await rig.integration(setup.integration.id))?.chatId).toBe(next);
  });

  it('marks a group that removed it', async () => {
    const setup = await rig.service.issueSetupToken(GROUP, 'deploys');
    rig.double.setBotStatus(GROUP, 'kicked', ANN);
    await eventually(
      async () => (await rig.integration(setup.integration.id))?.unreachableReason === 'bot_kicked',
    );
  });
});
