import { SECRET } from './processes.ts';

/** Neither the cap nor the rate limit is what a benchmark of speed measures. */
export const UNLIMITED = { MAX_QUEUE_SIZE: '1000000', RATE_LIMIT_PER_MINUTE: '0' } as const;
/** Nothing listens there: for a service that sends nothing. */
const NO_TELEGRAM = 'http://127.0.0.1:9';

/** The environment of the built service in a benchmark; `settings` are variables of the README's table. */
export function serviceEnvironment(
  place: {
    readonly database: string;
    readonly dir: string;
    /** Absent: the service starts its own. */
    readonly redis?: string;
    /** Absent: all of them. */
    readonly roles?: string;
    readonly apiRoot?: string;
  },
  settings: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    DATABASE_URL: place.database,
    DATA_DIR: place.dir,
    ...(place.redis === undefined ? {} : { REDIS_URL: place.redis }),
    ...(place.roles === undefined ? {} : { ROLES: place.roles }),
    JWT_SECRET: SECRET,
    BOT_TOKEN: '1:bench',
    TELEGRAM_API_ROOT: place.apiRoot ?? NO_TELEGRAM,
    HOST: '127.0.0.1',
    PORT: '0',
    ...settings,
  };
}
