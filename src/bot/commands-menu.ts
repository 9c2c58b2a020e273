import type { BotApi } from './bot-api.ts';
import type { BotLogger } from './bot-logger.ts';
import { TRANSLATIONS } from './texts/choose-texts.ts';
import { en } from './texts/en.ts';
import { MENU_COMMANDS, type Texts } from './texts/texts.ts';

const SCOPES = ['all_private_chats', 'all_chat_administrators'] as const;

/** Sets the menu for private chats and group administrators, in every language. A failure is logged, nothing more. */
export async function publishMenu(api: BotApi, logger: BotLogger, signal?: AbortSignal): Promise<void> {
  const languages: [string | undefined, Texts][] = [[undefined, en], ...Object.entries(TRANSLATIONS)];
  try {
    for (const type of SCOPES) {
      for (const [language, texts] of languages) {
        const commands = MENU_COMMANDS.map((command) => ({ command, description: texts.commands[command] }));
        const payload = {
          commands,
          scope: { type },
          ...(language === undefined ? {} : { language_code: language }),
        };
        await api.call('setMyCommands', payload, { signal });
      }
    }
  } catch (error) {
    if (!signal?.aborted) logger.warn({ error }, 'Could not set the bot menu');
  }
}
