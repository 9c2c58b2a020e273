import type { Integration } from '../domain/integration.ts';
import type { BotApi } from './bot-api.ts';
import type { BotLogger } from './bot-logger.ts';
import { chooseTexts } from './texts/choose-texts.ts';

/** Tells the chat, silently, that the integration was set up, in the language (IETF) of `locale`. Never rejects. */
export type TellSetUp = (
  integration: Pick<Integration, 'chatId' | 'name'>,
  locale: string | undefined,
) => Promise<void>;

export function createTellSetUp(deps: {
  api: Pick<BotApi, 'call'>;
  logger: BotLogger;
  hashChat: (chatId: number) => string;
}): TellSetUp {
  return async ({ chatId, name }, locale) => {
    try {
      const text = chooseTexts(locale).setUp(name);
      await deps.api.call('sendMessage', { chat_id: chatId, text, disable_notification: true });
    } catch (error) {
      const chat = deps.hashChat(chatId);
      deps.logger.warn({ chatId: chat, error }, 'Could not tell a chat that its integration was set up');
    }
  };
}
