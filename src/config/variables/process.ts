import { directory, LOG_LEVELS, oneOf, ROLES, roleList, text, timeZone } from '../formats.ts';
import type { Variable } from './variable.ts';

/** Where and how a process of the service runs. */
export const PROCESS = {
  NODE_ENV: {
    schema: text,
    type: 'text',
    fallback: null,
    absent: 'same as any value other than production',
    example: 'production',
    about:
      'With "production" the service refuses to start without BOT_TOKEN, instead of falling back to the sandbox.',
  },
  ROLES: {
    schema: roleList,
    type: `list of ${ROLES.join(', ')}`,
    fallback: ROLES.join(','),
    example: 'api,bot',
    about: 'The parts of the service that run in this process.',
  },
  DATA_DIR: {
    schema: directory,
    type: 'path',
    fallback: './data',
    example: '/var/lib/pingui-alert',
    about: 'Where a single machine keeps all its state: SQLite file, private Redis, generated secrets.',
  },
  TIMEZONE: {
    schema: timeZone,
    type: 'IANA time zone',
    fallback: 'UTC',
    example: 'Europe/Madrid',
    about: 'The time zone for the quota reset (00:00) and the backup (03:00).',
  },
  LOG_LEVEL: {
    schema: oneOf(LOG_LEVELS),
    type: `one of ${LOG_LEVELS.join(', ')}`,
    fallback: 'info',
    example: 'debug',
    about: 'The lowest level that is logged.',
  },
} as const satisfies Record<string, Variable>;
