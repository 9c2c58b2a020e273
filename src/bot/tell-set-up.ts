import type { CapabilityKey } from '../domain/capability-key.ts';
import type { Integration } from '../domain/integration.ts';
import type { BotApi } from './bot-api.ts';
import type { BotLogger } from './bot-logger.ts';
import { displayName } from './describe-integration.ts';
import { chooseTexts } from './texts/choose-texts.ts';

/**
 * Tells the chat that the integration was set up, or that this key of it was made, in the language (IETF) of `locale`.
 * Silently, but for a key: whoever did not make it should notice. Never rejects.
 */
export type TellSetUp = (
  integration: Pick<Integration, 'id' | 'chatId' | 'name'>,
  locale: string | undefined,
  key?: Pick<CapabilityKey, 'adapter' | 'name'>,
) => Promise<void>;

export function createTellSetUp(deps: {
  api: Pick<BotApi, 'call'>;
  logger: BotLogger;
  hashChat: (chatId: number) => string;
}): TellSetUp {
  return async (integration, locale, key) => {
    const { chatId } = integration;
    try {
      const texts = chooseTexts(locale);
      const name = displayName(integration, texts);
      const text = key === undefined ? texts.setUp(name) : texts.keyMadeByApi({ ...key, integration: name });
      await deps.api.call('sendMessage', {
        ...{ chat_id: chatId, text, disable_notification: key === undefined },
        link_preview_options: { is_disabled: true },
      });
    } catch (error) {
      const chat = deps.hashChat(chatId);
      deps.logger.warn({ chatId: chat, error }, 'Could not tell a chat what was set up for it');
    }
  };
}
