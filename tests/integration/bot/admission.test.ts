import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { ANN, type BotRig, createBotRig, eventually, GROUP, JOSE, tokenIn } from '../../support/bot-rig.ts';

const DAY_MS = 86_400_000;
let rig: BotRig;
afterEach(() => rig.close());

const said = (chatId: number) =>
  rig.double.messages(chatId).filter((message) => message.from?.id === rig.double.bot.id);
const ask = async (chatId: number, text: string, from = ANN) => {
  const nth = said(chatId).length + 1;
  rig.double.userSends(chatId, text, from);
  return (await rig.botSays(chatId, nth)).text ?? '';
};
/** Waits until the bot has handled all that was sent before, by a command that another chat gets an answer to. */
const settle = () => ask(JOSE.id, '/id', JOSE);
const hashOf = async (nth = 0) => (await rig.chats.list())[nth]?.hash ?? '';

describe('a chat that the operator has blocked', () => {
  beforeEach(async () => {
    rig = await createBotRig();
    rig.poller().start();
  });

  it('is ignored until it is unblocked, by everything that it sends', async () => {
    await ask(ANN.id, '/start');
    await rig.chats.block(await hashOf());
    const before = said(ANN.id).length;
    for (const text of ['/start', '/token', 'hello', '/integrations']) rig.double.userSends(ANN.id, text);
    await settle();
    expect(said(ANN.id)).toHaveLength(before);
    await rig.chats.unblock(await hashOf());
    tokenIn(await ask(ANN.id, '/token'));
  });

  it('gets no token by way of another chat, nor by a setup token that it has already', async () => {
    const setup = await rig.service.issueSetupToken(ANN.id, 'one');
    await rig.chats.block(await hashOf());
    const refused = { code: 'integration_not_active', detail: expect.stringContaining('blocked') };
    await expect(rig.exchange(setup.token)).rejects.toMatchObject(refused);
    await expect(rig.service.issueSetupToken(ANN.id)).rejects.toMatchObject(refused);

    // A group's token is shown in the private chat of its administrator, who is not blocked.
    rig.double.addChat({ id: GROUP, type: 'supergroup', title: 'Team' });
    rig.double.addMember(GROUP, JOSE, 'administrator');
    const request = `/start token_${GROUP}`;
    await rig.service.registerChat(GROUP);
    tokenIn(await ask(JOSE.id, request, JOSE));
    const group = (await rig.chats.list()).find(({ hash }) => hash === rig.hashChat(GROUP));
    await rig.chats.block(group?.hash ?? '');
    expect(await ask(JOSE.id, request, JOSE)).not.toContain('eyJ');
    const pending = (await rig.integrations()).filter(({ chatId }) => chatId === GROUP);
    expect(pending).toMatchObject([{ status: 'pending' }]);
  });

  it('is named by its hash; another one is not found', async () => {
    await expect(rig.chats.block('0123456789abcdef')).rejects.toThrow(AppError);
  });
});

describe('a bot for invited chats alone', () => {
  beforeEach(async () => {
    rig = await createBotRig({ isInviteOnly: true });
    // For `settle`.
    await rig.service.registerChat(JOSE.id);
    rig.poller().start();
  });

  it('tells others what to do, and registers nothing', async () => {
    for (const text of ['/start', '/token', '/start invite_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'])
      expect(await ask(ANN.id, text)).toContain('invitation link');
    rig.double.userSends(ANN.id, 'hello');
    await settle();
    expect(said(ANN.id)).toHaveLength(3);
    expect(await rig.chats.list()).toHaveLength(1);
  });

  it('lets the first chat in that comes by a link, once, and keeps it', async () => {
    const { payload } = await rig.chats.invite(DAY_MS);
    expect(await ask(ANN.id, `/start ${payload}`)).toContain('registered');
    tokenIn(await ask(ANN.id, '/token'));
    const BOB = { id: 7_003, is_bot: false, first_name: 'Bob', language_code: 'en' };
    rig.double.addChat({ id: BOB.id, type: 'private', first_name: 'Bob' });
    rig.double.addMember(BOB.id, BOB);
    expect(await ask(BOB.id, `/start ${payload}`, BOB)).toContain('invitation link');
  });

  it('does not forget who has revoked their integrations', async () => {
    await rig.service.registerChat(ANN.id);
    const active = await rig.activeChat(ANN);
    await rig.service.revoke(active);
    tokenIn(await ask(ANN.id, '/token'));
  });

  it("lets a registered person bring in a group; a stranger's group stays out", async () => {
    rig.double.addChat({ id: GROUP, type: 'supergroup', title: 'Team' });
    for (const user of [ANN, JOSE]) rig.double.addMember(GROUP, user);
    const name = rig.double.bot.username;
    expect(await ask(GROUP, `/start@${name}`, ANN)).toContain('invitation link');
    expect(await ask(GROUP, `/start@${name}`, JOSE)).toContain('registrado');
    // From now on for all its members.
    expect(await ask(GROUP, `/id@${name}`, ANN)).toContain(String(GROUP));
  });

  it('shows an administrator of a registered group its token, without an invitation', async () => {
    rig.double.addChat({ id: GROUP, type: 'supergroup', title: 'Team' });
    rig.double.addMember(GROUP, ANN, 'administrator');
    await rig.service.registerChat(GROUP);
    tokenIn(await ask(ANN.id, `/start token_${GROUP}`));
    const BOB = { id: 7_004, is_bot: false, first_name: 'Bob', language_code: 'en' };
    rig.double.addChat({ id: BOB.id, type: 'private', first_name: 'Bob' });
    rig.double.addMember(BOB.id, BOB);
    expect(await ask(BOB.id, `/start token_${GROUP}`, BOB)).toContain('invitation link');
  });
});

it('a bot that knows its name says so in the log', async () => {
  rig = await createBotRig();
  rig.poller().start();
  await eventually(() => rig.log.find(({ message }) => message === 'Telegram knows this bot'));
  const lines = rig.log.filter(({ message }) => message === 'Telegram knows this bot');
  expect(lines.map(({ fields }) => fields)).toMatchObject([{ bot: `@${rig.double.bot.username}` }]);
});
