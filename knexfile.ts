import { join } from 'node:path';
import type { Knex } from 'knex';
import { parseDatabaseUrl } from './src/config/database-url.ts';
import { knexConfig } from './src/db/engine/knex-config.ts';
import { createSqliteFile } from './src/db/engine/sqlite-file.ts';

/** For the knex command line only; the service itself reads its environment in src/config.ts. */
const { DATABASE_URL, DATA_DIR } = process.env;
const target = parseDatabaseUrl(DATABASE_URL || `sqlite:${join(DATA_DIR || 'data', 'pingui.db')}`);
if (target.dialect === 'sqlite') await createSqliteFile(target.file);

const config: Knex.Config = await knexConfig(target, (message) => void process.stderr.write(`${message}\n`));

export default config;
