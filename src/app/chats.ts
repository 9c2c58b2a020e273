import type { Config } from '../config/config.ts';
import { createPayloadCipher } from '../crypto/payload-cipher.ts';
import { createChatRepository } from '../db/chats/chat-repository.ts';
import type { Database } from '../db/engine/connect.ts';
import type { EventBus } from '../domain/events.ts';
import { type ChatService, createChatService } from '../services/chats/chats.ts';
import type { Clock } from '../services/ports/clock.ts';
import { createTelegramClient } from '../telegram/connection.ts';
import { secretOf } from './secret.ts';
import { telegramAccess } from './telegram.ts';

/** How long to wait for Telegram to say what the bot is called, in ms. */
const NAME_LIMIT_MS = 10_000;

/** What operators do with chats, for commands beside the service. */
export async function openChats(deps: {
  config: Config;
  db: Database;
  events: EventBus;
  clock: Clock;
}): Promise<ChatService> {
  const cipher = createPayloadCipher(await secretOf(deps.config));
  return createChatService({ ...deps, chats: createChatRepository(deps.db), cipher });
}

/** Undefined in the sandbox, whose Telegram is another process's, and while Telegram does not answer. */
export async function askBotName(config: Config): Promise<string | undefined> {
  if (config.mode.kind === 'sandbox') return undefined;
  const client = createTelegramClient({ ...telegramAccess(config, undefined), timeoutMs: NAME_LIMIT_MS });
  try {
    // Telegraf's types name another AbortSignal than Node's.
    const me = await client.callApi('getMe', {}, { signal: AbortSignal.timeout(NAME_LIMIT_MS) as never });
    return me.username;
  } catch {
    return undefined;
  }
}
