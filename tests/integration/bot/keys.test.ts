import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StoredMessage, User } from '../../../src/sandbox/bot-api-double.ts';
import { ANN, type BotRig, createBotRig, eventually, GROUP, JOSE } from '../../support/bot-rig.ts';

const MEMBER: User = { id: 7_003, is_bot: false, first_name: 'Max' };
let rig: BotRig;
beforeEach(async () => {
  rig = await createBotRig();
  rig.poller().start();
});
afterEach(() => rig.close());

const buttonsOf = (message: StoredMessage) => message.reply_markup?.inline_keyboard.flat() ?? [];
const dataOf = (message: StoredMessage, start: string) =>
  buttonsOf(message).find(({ callback_data: data }) => data?.startsWith(start))?.callback_data ?? 'none';
const press = (chatId: number, message: StoredMessage, start: string, by?: User) =>
  rig.double.pressButton(chatId, message.message_id, dataOf(message, start), by);
let forged = 0;
/** A press of a button that the message does not have. */
const forge = (chatId: number, message: StoredMessage, data: string) => {
  forged += 1;
  const chat = { id: chatId, type: chatId < 0 ? 'supergroup' : 'private', title: 'x', first_name: 'x' };
  const callback = { id: `forged ${forged}`, from: ANN, chat_instance: '1', data };
  return rig.bot.handle({
    update_id: 900_000 + forged,
    callback_query: { ...callback, message: { ...message, chat } },
  } as never);
};
/** The message as soon as its text holds this. */
const changed = (chatId: number, message: StoredMessage, text: string) =>
  eventually(() => {
    const now = rig.double.messages(chatId).find((one) => one.message_id === message.message_id);
    return now?.text?.includes(text) && now;
  });
const codes = ({ text = '', entities = [] }: StoredMessage) =>
  entities.filter(({ type }) => type === 'code').map(({ offset, length }) => text.substr(offset, length));

it('makes a key in a private chat, lists it and revokes it', async () => {
  const integration = await rig.activeChat(ANN);
  rig.double.userSends(ANN.id, '/keys');
  const empty = await rig.botSays(ANN.id);
  expect(empty.text).toContain('no keys yet');
  press(ANN.id, empty, 'key-new:');
  const question = await changed(ANN.id, empty, 'Which tool');
  // The adapter json needs a template, which no button gives.
  expect(buttonsOf(question).map(({ text }) => text)).toContain('alertmanager');
  expect(buttonsOf(question).map(({ text }) => text)).not.toContain('json');
  press(ANN.id, question, `key-for:${integration.id}:ntfy`);
  const shown = await rig.botSays(ANN.id, 2);
  const [key = '', url = ''] = codes(shown);
  expect(key).toMatch(/^[\w-]{43}$/);
  expect(url).toBe(`https://alerts.example.org/api/in/ntfy/${key}`);
  const sent = rig.double.calls.findLast(({ method }) => method === 'sendMessage');
  expect(sent?.payload.link_preview_options).toEqual({ is_disabled: true });
  expect(await rig.keys.authenticate(key)).toMatchObject({ adapter: 'ntfy', integrationId: integration.id });
  // No button is left that makes another one.
  const chosen = await changed(ANN.id, empty, 'A new key for ntfy');
  expect(buttonsOf(chosen)).toEqual([]);

  rig.double.userSends(ANN.id, '/keys');
  const list = await rig.botSays(ANN.id, 3);
  expect(list.text).toContain('• ntfy: for ntfy, of “backup”');
  expect(list.text).not.toContain(key);
  press(ANN.id, list, 'key-del:');
  const sure = await changed(ANN.id, list, 'Revoke the key “ntfy”');
  press(ANN.id, sure, 'key-del-yes:');
  await changed(ANN.id, list, 'is revoked');
  await expect(rig.keys.authenticate(key)).rejects.toMatchObject({ code: 'unauthorized' });
});

it('asks which integration the key is for, in the language of the person', async () => {
  await rig.activeChat(JOSE, 'web');
  const db = await rig.activeChat(JOSE, 'db');
  rig.double.userSends(JOSE.id, '/keys');
  const list = await rig.botSays(JOSE.id);
  press(JOSE.id, list, 'key-new:');
  const which = await changed(JOSE.id, list, '¿Para qué integración?');
  press(JOSE.id, which, `key-of:${db.id}`);
  const tool = await changed(JOSE.id, list, '¿Para qué herramienta');
  press(JOSE.id, tool, `key-for:${db.id}:gotify`);
  const shown = await rig.botSays(JOSE.id, 2);
  expect(shown.text).toContain('Clave para gotify, de la integración «db»');
  expect(await rig.keys.list(db)).toMatchObject([{ adapter: 'gotify', name: 'gotify' }]);
});

it('takes no request for a key of another chat, and none for what is gone', async () => {
  const own = await rig.activeChat(ANN);
  const foreign = await rig.activeChat(JOSE);
  const key = await rig.keys.make(foreign, { adapter: 'ntfy' });
  rig.double.userSends(ANN.id, '/keys');
  const list = await rig.botSays(ANN.id);
  const made = async (data: string, says: string) => {
    await forge(ANN.id, list, data);
    await changed(ANN.id, list, says);
  };
  await made(`key-for:${foreign.id}:ntfy`, 'already been revoked');
  await made(`key-of:${own.id}`, 'Which tool');
  await made(`key-del-yes:${foreign.id}:${key.id}`, 'already been revoked');
  await made(`key-of:${own.id}`, 'Which tool');
  await made(`key-del-yes:${own.id}:${key.id}`, 'already been revoked');
  expect(await rig.keys.list(foreign)).toHaveLength(1);
  expect(await rig.keys.list(own)).toEqual([]);
});

it('never shows a key in a group: an administrator gets it in the private chat', async () => {
  rig.double.addChat({ id: GROUP, type: 'supergroup', title: 'Operations' });
  for (const [user, role] of [
    [ANN, 'administrator'],
    [MEMBER, 'member'],
    [JOSE, 'member'],
  ] as const)
    rig.double.addMember(GROUP, user, role);
  const setup = await rig.service.issueSetupToken(GROUP, 'deploys');
  const { integration } = await rig.exchange(setup.token);
  rig.double.userSends(GROUP, '/keys', MEMBER);
  expect((await rig.botSays(GROUP)).text).toBe('Only administrators can do that.');
  rig.double.userSends(GROUP, '/keys', ANN);
  const list = await rig.botSays(GROUP, 2);
  const refused = press(GROUP, list, 'key-new:', MEMBER);
  expect(await eventually(() => rig.double.callbackAnswer(refused))).toMatchObject({ showAlert: true });
  press(GROUP, list, 'key-new:', ANN);
  const question = await changed(GROUP, list, 'private chat');
  const link = buttonsOf(question).find(({ text }) => text === 'github')?.url ?? 'none:';
  const payload = new URL(link).searchParams.get('start') ?? '';
  expect(payload).toMatch(/^[\w-]{1,64}$/);

  rig.double.userSends(JOSE.id, `/start ${payload}`);
  expect((await rig.botSays(JOSE.id)).text).toContain('Solo los administradores');
  rig.double.userSends(ANN.id, `/start ${payload}`);
  const shown = await rig.botSays(ANN.id);
  expect(shown.text).toContain('Key for github, of the integration “deploys” in Operations');
  expect(await rig.keys.list(integration)).toMatchObject([{ adapter: 'github' }]);
  // A made-up press in the group hands nothing over either.
  await forge(GROUP, list, `key-for:${integration.id}:ntfy`);
  rig.double.userSends(GROUP, '/id', ANN);
  await eventually(() => rig.double.messages(GROUP).some(({ text = '' }) => text.includes(`${GROUP}`)));
  expect(await rig.keys.list(integration)).toHaveLength(1);
  expect(JSON.stringify(rig.double.messages(GROUP))).not.toMatch(/[\w-]{43}/);
});

it('tells a chat, aloud, of a key that was made by the API', async () => {
  const integration = await rig.activeChat(ANN);
  await rig.bot.tellSetUp(integration, undefined, { adapter: 'github', name: 'builds' });
  const told = await rig.botSays(ANN.id);
  expect(told.text).toContain('“builds”, for github');
  const sent = rig.double.calls.findLast(({ method }) => method === 'sendMessage');
  expect(sent?.payload.disable_notification).toBe(false);
});
