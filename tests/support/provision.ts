import { pause } from '../../src/async/pause.ts';
import type { BotApiDouble, StoredMessage } from '../../src/sandbox/bot-api-double.ts';
import type { Service } from './service.ts';

export interface Provisioned {
  readonly chatId: number;
  readonly token: string;
  readonly setupToken: string;
  readonly integration: { readonly id: number; readonly [field: string]: unknown };
}

/**
 * From an empty chat to a token, as a person does it: /start, /token, the JWT of the bot's message, createIntegration.
 * Resolves once the bot has told the chat, so that what it says later is about alerts.
 * @throws Error when the bot does not answer within 15 s
 */
export async function provisionIntegration(
  double: BotApiDouble,
  service: Pick<Service, 'api'>,
  chatId: number,
  name = 'backup',
): Promise<Provisioned> {
  if (!double.chats.some((chat) => chat.id === chatId))
    double.addChat({ id: chatId, type: 'private', first_name: 'Ann' });
  await ask(double, chatId, '/start');
  const answer = await ask(double, chatId, `/token ${name}`);
  const setupToken = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(answer.text ?? '')?.[0];
  if (setupToken === undefined) throw new Error(`no token in the bot's answer: ${answer.text}`);
  const created = await service.api.createIntegration(setupToken);
  if (created.status !== 201) throw new Error(`createIntegration: ${created.status} ${created.text}`);
  const { token, integration } = created.body as Provisioned;
  await said(double, chatId, (text) => text.includes(`“${name}” is set up`));
  return { chatId, token, setupToken, integration };
}

/** Types a text and waits for the bot's next message in the chat. */
export async function ask(double: BotApiDouble, chatId: number, text: string): Promise<StoredMessage> {
  const before = botMessages(double, chatId).length;
  double.userSends(chatId, text);
  return said(double, chatId, () => true, before);
}

/** The first such message of the bot's after `from` others. */
async function said(
  double: BotApiDouble,
  chatId: number,
  isMeant: (text: string) => boolean,
  from = 0,
): Promise<StoredMessage> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const found = botMessages(double, chatId)
      .slice(from)
      .find(({ text = '' }) => isMeant(text));
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('the bot did not answer within 15 s');
    await pause(10);
  }
}

/** What the bot has written in the chat, oldest first. */
export function botMessages(double: BotApiDouble, chatId: number): StoredMessage[] {
  return double.messages(chatId).filter((message) => message.from?.id === double.bot.id);
}
