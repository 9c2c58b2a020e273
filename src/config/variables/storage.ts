import { databaseUrl, directory, integer, queuePrefix, redisUrl, text } from '../formats.ts';
import type { Variable } from './variable.ts';

/** Redis, the database and its backups. */
export const STORAGE = {
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
  QUEUE_PREFIX: {
    schema: queuePrefix,
    type: 'text, 1 to 64 characters',
    fallback: '{pingui:queue}',
    example: '{staging:queue}',
    about: 'The prefix of all keys in Redis; the braces keep them in one slot of a Redis Cluster.',
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
  BACKUP_DIR: {
    schema: directory,
    type: 'path',
    fallback: './backups/pingui',
    example: '/var/backups/pingui',
    about:
      'The directory for the nightly backups (pingui-backup-<timestamp>.db, of PostgreSQL .dump by pg_dump).',
  },
  BACKUP_KEEP: {
    ...integer(1, 10_000),
    fallback: '14',
    example: '30',
    about: 'How many backups to keep.',
  },
} as const satisfies Record<string, Variable>;
