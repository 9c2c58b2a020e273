import type { Config } from '../config/config.ts';
import type { EventBus } from '../domain/events.ts';
import type { TelegramSender } from '../services/ports/telegram.ts';
import { createCallReport } from '../telegram/call-report.ts';
import { createTelegramClient } from '../telegram/connection.ts';
import { createTelegramSender } from '../telegram/sender.ts';
import type { Sandbox } from './sandbox.ts';

/** Which bot this is, where its Bot API answers, and the proxy that leads there, if any. */
export interface TelegramAccess {
  readonly token: string;
  readonly apiRoot: string;
  readonly proxy?: string | undefined;
}

export function telegramAccess(config: Config, sandbox: Sandbox | undefined): TelegramAccess {
  if (config.mode.kind === 'telegram')
    return {
      token: config.mode.botToken,
      apiRoot: config.telegram.apiRoot,
      proxy: config.telegram.proxy?.url,
    };
  if (sandbox === undefined) throw new Error('no bot token, and no sandbox');
  return { token: sandbox.botToken, apiRoot: sandbox.apiRoot };
}

export function createSender(config: Config, access: TelegramAccess, events: EventBus): TelegramSender {
  return createLimitedSender(access, config.telegram.timeoutMs, events);
}

/** Health may be asked for within 15 s, so that a probe cannot wait as long as a send does, in ms. */
const PROBE_TIMEOUT_MS = 6_000;

/** Asks Telegram (getMe), with an answer within seconds. */
export function createProbe(
  config: Config,
  access: TelegramAccess,
  events: EventBus,
): TelegramSender['probe'] {
  return createLimitedSender(access, Math.min(PROBE_TIMEOUT_MS, config.telegram.timeoutMs), events).probe;
}

function createLimitedSender(access: TelegramAccess, timeoutMs: number, events: EventBus): TelegramSender {
  const telegram = createTelegramClient({ ...access, timeoutMs });
  return createTelegramSender({ telegram, timeoutMs, onCall: createCallReport(events) });
}
