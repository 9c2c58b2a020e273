import { join } from 'node:path';
import * as z from 'zod';
import type { DatabaseTarget } from './database-url.ts';
import { isLoopback, type LogLevel, type Registration, type Role } from './formats.ts';
import { chooseProxy, type ProxyAddress } from './proxy.ts';
import {
  type ConfigFault,
  type Environment,
  type RawValues,
  type ReadFile,
  readEnvironment,
} from './read-environment.ts';
import type { RedisUrl } from './redis-url.ts';
import type { Variable } from './variables/variable.ts';
import { VARIABLE_NAMES, VARIABLES, type Values, type VariableName } from './variables/variables.ts';
import { findWarnings } from './warnings.ts';

export type { Environment, Role };

/** The service's settings, from the environment. Frozen. Times carry their unit in the name. */
export interface Config {
  readonly mode: { readonly kind: 'sandbox' } | { readonly kind: 'telegram'; readonly botToken: string };
  readonly production: boolean;
  /** Only undefined in the sandbox, where the app generates one and keeps it in `dataDir`. */
  readonly jwtSecret: string | undefined;
  readonly redis: {
    /** Undefined: start a private server. */
    readonly url: RedisUrl | undefined;
    /** The private server's program; undefined: look on the PATH. */
    readonly serverPath: string | undefined;
    readonly prefix: string;
  };
  readonly database: DatabaseTarget;
  /** Absolute path. */
  readonly dataDir: string;
  readonly http: {
    readonly host: string;
    /** 0: any free port. Undefined: no HTTP server. */
    readonly port: number | undefined;
    /** Proxies in front. */
    readonly trustProxy: number;
    /** Requests per address; 0: no limit. */
    readonly rateLimitPerMinute: number;
  };
  /** Where people and programs reach the service, without a trailing slash; undefined: not told. */
  readonly publicUrl: string | undefined;
  readonly roles: ReadonlySet<Role>;
  readonly queue: {
    /** Most pending alerts, and of one chat (0: no limit of its own). */
    readonly maxPending: number;
    readonly maxPendingPerChat: number;
    /** Most scheduled alerts, and of one chat. */
    readonly maxScheduled: number;
    readonly maxScheduledPerChat: number;
  };
  readonly worker: {
    readonly sendDelayMs: number;
    readonly concurrency: number;
    /** 0: no limit per chat. */
    readonly chatDelayMs: number;
    /** 0: no limit per group. */
    readonly groupLimitPerMinute: number;
  };
  /** Alerts per integration and day. */
  readonly maxAlerts: number;
  readonly maxIntegrationsPerChat: number;
  /** Who may register a chat: everybody, or only who was invited. */
  readonly registration: Registration;
  readonly incidents: {
    readonly ringAgainMs: number;
    /** Without an alert for so long it is stale. */
    readonly staleMs: number;
    /** What it shows is kept for so long. */
    readonly keepTextMs: number;
    /** Folded alerts per integration and day. */
    readonly maxFolded: number;
  };
  readonly tokens: { readonly setupTtlSeconds: number; readonly ttlDays: number };
  /** Without a password there are no operator pages (the sandbox generates one). */
  readonly admin: { readonly user: string; readonly password: string | undefined };
  readonly telegram: {
    readonly apiRoot: string;
    readonly timeoutMs: number;
    /** Undefined: none leads to `apiRoot`. */
    readonly proxy: ProxyAddress | undefined;
  };
  /** The chat that is told of trouble; never logged. Undefined: nobody is. */
  readonly operatorChatId: number | undefined;
  /** Undefined: long polling. Without a secret the app derives one from the bot token. */
  readonly webhook: { readonly url: string; readonly secret: string | undefined } | undefined;
  /** `directory` is absolute. */
  readonly backup: { readonly directory: string; readonly keep: number };
  /** IANA name. */
  readonly timeZone: string;
  readonly logLevel: LogLevel;
  /** Values that no log may show: what was given for variables that are secret (variables/). */
  readonly secrets: readonly string[];
  /** What is allowed but probably not meant; to be logged at start. Without values. */
  readonly warnings: readonly string[];
}

/** All faults of the environment at once, by name, never by value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly ConfigFault[]) {
    super(faults.map(({ name, message }) => `${name} ${message}`).join('\n'));
  }
}

/**
 * Reads and validates the environment, once. `readFile` gives the text of a file named by a `<NAME>_FILE` variable.
 * @throws ConfigError
 */
export function loadConfig(env: Environment, readFile: ReadFile): Config {
  const { raw, faults: readFaults, cleaned } = readEnvironment(env, readFile);
  const unread = new Set(readFaults.map(({ name }) => name.replace(/_FILE$/, '')));
  const parsed = EnvironmentSchema.safeParse(raw);
  const faults = [
    ...readFaults,
    ...(parsed.error?.issues.map(({ path, message }) => ({ name: String(path[0]), message })) ?? []),
    ...findConflicts(raw, unread),
  ];
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);
  // zod's type of an object built from a table is an index signature; the table's own type is Values.
  const values = parsed.data as Values;
  const sandbox = values.BOT_TOKEN === undefined;
  return toConfig(values, secretsIn(raw), [...cleaned, ...findWarnings(env, values, sandbox)]);
}

const EnvironmentSchema = z.object(
  Object.fromEntries(
    VARIABLE_NAMES.map((name) => {
      const { schema, fallback }: Variable = VARIABLES[name];
      return [name, fallback === null ? schema.optional() : schema.prefault(fallback)];
    }),
  ),
);

/** Rules between variables. They look at what was given, so that they are reported beside faults of form. */
function findConflicts(raw: RawValues, unread: ReadonlySet<string>): ConfigFault[] {
  const given = (name: VariableName) => raw[name] !== undefined || unread.has(name);
  const faults: ConfigFault[] = [];
  if (given('BOT_TOKEN')) {
    if (!given('JWT_SECRET')) faults.push({ name: 'JWT_SECRET', message: 'is required with BOT_TOKEN' });
  } else if (raw.NODE_ENV === 'production') {
    faults.push({ name: 'BOT_TOKEN', message: 'is required with NODE_ENV=production' });
  } else if (raw.HOST !== undefined && !isLoopback(raw.HOST)) {
    faults.push({
      name: 'HOST',
      message: 'must be a loopback address in the sandbox (BOT_TOKEN is not set)',
    });
  }
  if (
    raw.REDIS_URL?.includes('+cluster:') &&
    raw.QUEUE_PREFIX !== undefined &&
    !raw.QUEUE_PREFIX.includes('{')
  ) {
    faults.push({ name: 'QUEUE_PREFIX', message: 'needs braces, as in {pingui:queue}, for a Redis Cluster' });
  }
  return faults;
}

/** The contract's. */
const DEFAULT_PORT = 3000;
const MAX_SCHEDULED_PER_CHAT = 100;

/**
 * Senders or Telegram call this process. All others listen only where PORT says so: several of them on one host would
 * collide on the default.
 */
function mustBeReachable(values: Values): boolean {
  return values.ROLES.has('api') || (values.ROLES.has('bot') && values.WEBHOOK_URL !== undefined);
}

function secretsIn(raw: RawValues): string[] {
  return VARIABLE_NAMES.flatMap((name) => {
    const { secret, secretPart }: Variable = VARIABLES[name];
    const value = raw[name];
    if (!secret || value === undefined) return [];
    return secretPart === undefined ? value : secretPart(value);
  });
}

function toConfig(values: Values, secrets: readonly string[], warnings: readonly string[]): Config {
  const sandbox = values.BOT_TOKEN === undefined;
  return freeze({
    mode:
      values.BOT_TOKEN === undefined ? { kind: 'sandbox' } : { kind: 'telegram', botToken: values.BOT_TOKEN },
    production: values.NODE_ENV === 'production',
    jwtSecret: values.JWT_SECRET,
    redis: { url: values.REDIS_URL, serverPath: values.REDIS_SERVER, prefix: values.QUEUE_PREFIX },
    database: values.DATABASE_URL ?? { dialect: 'sqlite', file: join(values.DATA_DIR, 'pingui.db') },
    dataDir: values.DATA_DIR,
    http: {
      host: values.HOST ?? (sandbox ? '127.0.0.1' : '0.0.0.0'),
      port: values.PORT ?? (mustBeReachable(values) ? DEFAULT_PORT : undefined),
      trustProxy: values.TRUST_PROXY,
      rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    },
    publicUrl: values.PUBLIC_URL,
    roles: values.ROLES,
    queue: {
      maxPending: values.MAX_QUEUE_SIZE,
      maxPendingPerChat: values.MAX_PENDING_PER_CHAT,
      maxScheduled: values.MAX_SCHEDULED,
      maxScheduledPerChat: MAX_SCHEDULED_PER_CHAT,
    },
    worker: {
      sendDelayMs: values.SEND_DELAY_MS,
      concurrency: values.WORKER_CONCURRENCY,
      chatDelayMs: values.CHAT_DELAY_MS,
      groupLimitPerMinute: values.GROUP_LIMIT_PER_MINUTE,
    },
    maxAlerts: values.MAX_ALERTS,
    maxIntegrationsPerChat: values.MAX_INTEGRATIONS_PER_CHAT,
    registration: values.REGISTRATION,
    incidents: {
      ringAgainMs: values.RING_AGAIN_MINUTES * 60_000,
      staleMs: values.INCIDENT_HOURS * 3_600_000,
      keepTextMs: values.BUTTON_HOURS * 3_600_000,
      maxFolded: values.MAX_FOLDED,
    },
    tokens: { setupTtlSeconds: values.SETUP_TOKEN_TTL_SECONDS, ttlDays: values.TOKEN_TTL_DAYS },
    admin: { user: values.ADMIN_USER, password: values.ADMIN_PASSWORD },
    telegram: {
      apiRoot: values.TELEGRAM_API_ROOT,
      timeoutMs: values.TELEGRAM_TIMEOUT_MS,
      // The sandbox's Bot API is on this machine.
      proxy: sandbox ? undefined : chooseProxy(values.TELEGRAM_API_ROOT, values),
    },
    operatorChatId: values.OPERATOR_CHAT_ID,
    webhook:
      values.WEBHOOK_URL === undefined
        ? undefined
        : { url: values.WEBHOOK_URL, secret: values.WEBHOOK_SECRET },
    backup: { directory: values.BACKUP_DIR, keep: values.BACKUP_KEEP },
    timeZone: values.TIMEZONE,
    logLevel: values.LOG_LEVEL,
    secrets,
    warnings,
  });
}

/** Freezes plain objects and arrays, all the way down. */
function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null && !(part instanceof Set)) freeze(part as object);
  }
  return Object.freeze(value);
}
