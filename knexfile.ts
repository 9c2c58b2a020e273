import { join } from 'node:path';
import type { Knex } from 'knex';
import { parseDatabaseUrl } from './src/db/database-url.ts';
import { knexConfig } from './src/db/knex-config.ts';

/** For the knex command line only; the service itself reads its environment in src/config.ts. */
const { DATABASE_URL, DATA_DIR } = process.env;

const config: Knex.Config = knexConfig(
  parseDatabaseUrl(DATABASE_URL || `sqlite:${join(DATA_DIR || 'data', 'pingui.db')}`),
);

export default config;
