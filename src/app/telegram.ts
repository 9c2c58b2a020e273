import type { Config } from '../config/config.ts';
import type { TelegramSender } from '../services/ports/telegram.ts';
import { createTelegramClient } from '../telegram/connection.ts';
import { createTelegramSender } from '../telegram/sender.ts';
import type { Sandbox } from './sandbox.ts';

/** Which bot this is, and where its Bot API answers. */
export interface TelegramAccess {
  readonly token: string;
  readonly apiRoot: string;
}

export function telegramAccess(config: Config, sandbox: Sandbox | undefined): TelegramAccess {
  if (config.mode.kind === 'telegram')
    return { token: config.mode.botToken, apiRoot: config.telegram.apiRoot };
  if (sandbox === undefined) throw new Error('no bot token, and no sandbox');
  return { token: sandbox.botToken, apiRoot: sandbox.apiRoot };
}

export function createSender(config: Config, access: TelegramAccess): TelegramSender {
  const { timeoutMs } = config.telegram;
  const telegram = createTelegramClient({ ...access, timeoutMs });
  return createTelegramSender({ telegram, timeoutMs });
}
