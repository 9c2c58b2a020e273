import { z } from 'zod';
import {
  apiRoot,
  databaseUrl,
  directory,
  integer,
  LOG_LEVELS,
  oneOf,
  pattern,
  queuePrefix,
  ROLES,
  redisUrl,
  roleList,
  timeZone,
  webhookUrl,
} from './formats.ts';

/** One environment variable: its form, and what .env.example says about it. */
export interface Variable {
  readonly schema: z.ZodType<unknown, string>;
  readonly type: string;
  /** The value in force where none is set; `null` where there is none, or where it depends on others (`absent`). */
  readonly fallback: string | null;
  /** What happens without a value; only where `fallback` is null. */
  readonly absent?: string;
  readonly example: string;
  readonly about: string;
  /** Secrets can also be given as a file: `<NAME>_FILE`. */
  readonly secret?: true;
}

/** Text as it is: no form to hold. */
const text = z.string();

/** Every variable that the service reads. .env.example and the README's table are held equal to this by tests. */
export const VARIABLES = {
  NODE_ENV: {
    schema: text,
    type: 'text',
    fallback: null,
    absent: 'same as any value other than production',
    example: 'production',
    about:
      'With "production" the service refuses to start without BOT_TOKEN, instead of falling back to the sandbox.',
  },
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
  JWT_SECRET: {
    schema: text.refine((value) => Buffer.byteLength(value) >= 32, 'must be at least 32 bytes long'),
    type: 'secret, at least 32 bytes',
    fallback: null,
    absent: 'generated and kept in DATA_DIR in the sandbox, otherwise required',
    example: 'replace-with-the-output-of-openssl-rand-hex-32',
    about: 'Signs tokens; the keys that encrypt alerts and hash chat ids are derived from it.',
    secret: true,
  },
  REDIS_URL: {
    schema: redisUrl,
    type: 'URL: redis, rediss, redis+sentinel, rediss+sentinel, redis+cluster, rediss+cluster',
    fallback: null,
    absent: 'a private redis-server is started',
    example: 'redis://:password@127.0.0.1:6379',
    about:
      'The Redis that holds the queue. It must not evict keys (maxmemory-policy noeviction) and should write an AOF.',
    secret: true,
  },
  REDIS_SERVER: {
    schema: text,
    type: 'path',
    fallback: null,
    absent: 'redis-server or valkey-server on the PATH',
    example: '/usr/bin/redis-server',
    about: 'The program to start as the private Redis when REDIS_URL is not set.',
  },
  DATABASE_URL: {
    schema: databaseUrl,
    type: 'sqlite:<path> or postgres:// URL',
    fallback: null,
    absent: 'sqlite:<DATA_DIR>/pingui.db',
    example: 'postgres://pingui:password@127.0.0.1:5432/pingui',
    about: 'The database of integrations, quotas and the ledger. Migrations run at startup.',
    secret: true,
  },
  DATA_DIR: {
    schema: directory,
    type: 'path',
    fallback: './data',
    example: '/var/lib/pingui-alert',
    about: 'Where a single machine keeps all its state: SQLite file, private Redis, generated secrets.',
  },
  HOST: {
    schema: pattern(/^[A-Za-z0-9.:_-]+$/, 'must be an IP address or a host name'),
    type: 'IP address or host name',
    fallback: null,
    absent: '127.0.0.1 in the sandbox, otherwise 0.0.0.0',
    example: '127.0.0.1',
    about: 'The address the HTTP server listens on. The sandbox allows only loopback addresses.',
  },
  PORT: {
    schema: integer(0, 65_535),
    type: 'whole number, 0 to 65535',
    fallback: null,
    absent: '3000 with the role api, or with bot and WEBHOOK_URL; other processes run no HTTP server',
    example: '8080',
    about:
      'The port of the HTTP server. 0 picks a free port and logs it. Without the role api it serves only /health, /metrics and the webhook.',
  },
  ROLES: {
    schema: roleList,
    type: `list of ${ROLES.join(', ')}`,
    fallback: ROLES.join(','),
    example: 'api,bot',
    about: 'The parts of the service that run in this process.',
  },
  MAX_QUEUE_SIZE: {
    schema: integer(1, 1_000_000),
    type: 'whole number, 1 to 1000000',
    fallback: '500',
    example: '1000',
    about:
      'The most pending alerts (due for delivery, not yet ended) that the queue holds; further ones are refused with 503.',
  },
  MAX_SCHEDULED: {
    schema: integer(0, 1_000_000),
    type: 'whole number, 0 to 1000000',
    fallback: '10000',
    example: '20000',
    about:
      'The most scheduled alerts (accepted with a later deliverAt, not yet ended) that the service holds, 100 of them per chat.',
  },
  MAX_PENDING_PER_CHAT: {
    schema: integer(0, 1_000_000),
    type: 'whole number, 0 to 1000000',
    fallback: '0',
    example: '100',
    about: 'The most pending alerts per chat. 0: no limit other than MAX_QUEUE_SIZE.',
  },
  SEND_DELAY_MS: {
    schema: integer(0, 3_600_000),
    type: 'milliseconds, 0 to 3600000',
    fallback: '1000',
    example: '500',
    about: 'The shortest time between two sends, across all workers. 0 disables.',
  },
  WORKER_CONCURRENCY: {
    schema: integer(1, 100),
    type: 'whole number, 1 to 100',
    fallback: '1',
    example: '4',
    about: 'How many sends each worker process may have in flight.',
  },
  CHAT_DELAY_MS: {
    schema: integer(0, 3_600_000),
    type: 'milliseconds, 0 to 3600000',
    fallback: '1000',
    example: '1500',
    about:
      "The shortest time between two sends to one chat (Telegram's limit is about one a second). 0 disables.",
  },
  GROUP_LIMIT_PER_MINUTE: {
    schema: integer(0, 10_000),
    type: 'whole number, 0 to 10000',
    fallback: '20',
    example: '15',
    about: "How many sends one group gets per minute (Telegram's limit is 20). 0 disables.",
  },
  MAX_ALERTS: {
    schema: integer(1, 10_000_000),
    type: 'whole number, 1 to 10000000',
    fallback: '10',
    example: '100',
    about: 'How many alerts each integration can send per day.',
  },
  RATE_LIMIT_PER_MINUTE: {
    schema: integer(0, 1_000_000),
    type: 'whole number, 0 to 1000000',
    fallback: '120',
    example: '600',
    about: 'How many HTTP requests each client address can make per minute, counted in Redis. 0 disables.',
  },
  SETUP_TOKEN_TTL_SECONDS: {
    schema: integer(1, 604_800),
    type: 'seconds, 1 to 604800',
    fallback: '300',
    example: '900',
    about: 'How long a setup token from /token is valid.',
  },
  TOKEN_TTL_DAYS: {
    schema: integer(1, 3_650),
    type: 'days, 1 to 3650',
    fallback: '365',
    example: '90',
    about: "How long an integration's token is valid.",
  },
  ADMIN_USER: {
    schema: pattern(/^[^:\s]{1,64}$/, 'must be 1 to 64 characters without colons or spaces'),
    type: 'text',
    fallback: 'admin',
    example: 'operator',
    about: 'The operator name for /admin/queues and /metrics.',
  },
  ADMIN_PASSWORD: {
    schema: text,
    type: 'secret',
    fallback: null,
    absent: 'the operator pages return 404; in the sandbox one is generated and printed',
    example: 'replace-with-a-long-password',
    about: 'The operator password.',
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
    schema: integer(100, 600_000),
    type: 'milliseconds, 100 to 600000',
    fallback: '30000',
    example: '45000',
    about: 'The time limit of a Bot API call. Below 20000, slow deliveries may end as uncertain.',
  },
  WEBHOOK_URL: {
    schema: webhookUrl,
    type: 'https:// URL',
    fallback: null,
    absent: 'long polling',
    example: 'https://alerts.example.com/telegram/updates',
    about: 'The URL where Telegram delivers bot updates.',
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
  BACKUP_DIR: {
    schema: directory,
    type: 'path',
    fallback: './backups/pingui',
    example: '/var/backups/pingui',
    about: 'The directory for the nightly backups (pingui-backup-<timestamp>.db).',
  },
  BACKUP_KEEP: {
    schema: integer(1, 10_000),
    type: 'whole number, 1 to 10000',
    fallback: '14',
    example: '30',
    about: 'How many backups to keep.',
  },
  TIMEZONE: {
    schema: timeZone,
    type: 'IANA time zone',
    fallback: 'UTC',
    example: 'Europe/Madrid',
    about: 'The time zone for the quota reset (00:00) and the backup (03:00).',
  },
  TRUST_PROXY: {
    schema: integer(0, 10),
    type: 'whole number, 0 to 10',
    fallback: '0',
    example: '1',
    about: 'How many proxies stand in front, whose X-Forwarded-For to trust.',
  },
  LOG_LEVEL: {
    schema: oneOf(LOG_LEVELS),
    type: `one of ${LOG_LEVELS.join(', ')}`,
    fallback: 'info',
    example: 'debug',
    about: 'The lowest level that is logged.',
  },
  QUEUE_PREFIX: {
    schema: queuePrefix,
    type: 'text, 1 to 64 characters',
    fallback: '{pingui:queue}',
    example: '{staging:queue}',
    about: 'The prefix of all keys in Redis; the braces keep them in one slot of a Redis Cluster.',
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;
export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[]; // Object.keys widens to string

/** What the schemas make of the environment; undefined where a variable has neither value nor fallback. */
export type Values = {
  readonly [N in VariableName]:
    | z.output<(typeof VARIABLES)[N]['schema']>
    | ((typeof VARIABLES)[N]['fallback'] extends null ? undefined : never);
};
