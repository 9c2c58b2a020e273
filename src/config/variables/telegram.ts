import {
  apiRoot,
  chatId,
  integer,
  oneOf,
  pattern,
  proxyUrl,
  REGISTRATIONS,
  text,
  webhookUrl,
} from '../formats.ts';
import { proxySecrets } from '../proxy.ts';
import type { Variable } from './variable.ts';

/** The bot, and how Telegram is reached. */
export const TELEGRAM = {
  BOT_TOKEN: {
    schema: pattern(
      /^\d+:[A-Za-z0-9_-]+$/,
      'must be a bot token from @BotFather: digits, a colon, then letters and digits',
    ),
    type: 'secret',
    fallback: null,
    absent: 'sandbox mode',
    example: '123456789:replace-with-the-token-from-botfather',
    about: 'Telegram bot token.',
    secret: true,
  },
  TELEGRAM_API_ROOT: {
    schema: apiRoot,
    type: 'http:// or https:// URL',
    fallback: 'https://api.telegram.org',
    example: 'http://127.0.0.1:8081',
    about: 'The Bot API server to use.',
  },
  TELEGRAM_TIMEOUT_MS: {
    ...integer(100, 600_000, 'milliseconds'),
    fallback: '30000',
    example: '45000',
    about: 'The time limit of a Bot API call. Below 20000, slow deliveries may end as uncertain.',
  },
  REGISTRATION: {
    schema: oneOf(REGISTRATIONS),
    type: `one of ${REGISTRATIONS.join(', ')}`,
    fallback: 'open',
    example: 'invite',
    about:
      'Who may register a chat with the bot: everybody, or only whom the operator invites (`npx pingui invite`).',
  },
  OPERATOR_CHAT_ID: {
    schema: chatId,
    type: 'chat id',
    fallback: null,
    absent: 'nobody is told',
    example: '123456789',
    about:
      'The chat that the bot tells of trouble: sending stands still, a backup or a reset failed, the queue is full or stuck, the disk is nearly full; and when it is over. `/id` shows it.',
    secret: true,
  },
  HTTPS_PROXY: {
    schema: proxyUrl,
    type: 'URL: http, https, socks5, socks5h',
    fallback: null,
    absent: 'ALL_PROXY, if that is set',
    example: 'http://user:password@proxy.example.com:3128',
    about: 'The proxy for calls to Telegram, where TELEGRAM_API_ROOT is https. Also read as https_proxy.',
    secret: true,
    secretPart: proxySecrets,
    lowerCase: true,
  },
  ALL_PROXY: {
    schema: proxyUrl,
    type: 'URL: http, https, socks5, socks5h',
    fallback: null,
    absent: 'no proxy',
    example: 'socks5h://127.0.0.1:1080',
    about:
      'The proxy for calls to Telegram, whatever TELEGRAM_API_ROOT is; HTTPS_PROXY comes first. Also read as all_proxy.',
    secret: true,
    secretPart: proxySecrets,
    lowerCase: true,
  },
  NO_PROXY: {
    schema: text,
    type: 'list of host names',
    fallback: null,
    absent: 'the proxy is for all hosts',
    example: 'localhost,.internal.example.com',
    about:
      'The hosts that are called without a proxy, should TELEGRAM_API_ROOT name one of them; * for all. Also read as no_proxy.',
    lowerCase: true,
  },
  WEBHOOK_URL: {
    schema: webhookUrl,
    type: 'https:// URL',
    fallback: null,
    absent: 'long polling',
    example: 'https://alerts.example.com/telegram/updates',
    about: 'The URL where Telegram delivers bot updates; without a path /telegram/updates is added.',
  },
  WEBHOOK_SECRET: {
    schema: pattern(/^[A-Za-z0-9_-]{1,256}$/, 'must be 1 to 256 of the characters A-Z a-z 0-9 _ -'),
    type: 'secret, 1 to 256 of A-Z a-z 0-9 _ -',
    fallback: null,
    absent: 'derived from BOT_TOKEN when WEBHOOK_URL is set',
    example: 'replace-with-the-output-of-openssl-rand-hex-32',
    about: 'Proves that an update comes from Telegram.',
    secret: true,
  },
} as const satisfies Record<string, Variable>;
