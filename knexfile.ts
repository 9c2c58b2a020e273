import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { parseDatabaseUrl } from './src/config/database-url.ts';
import { knexConfig } from './src/db/engine/knex-config.ts';
import { createMigrationSource } from './src/db/engine/migration-source.ts';
import { createSqliteFile } from './src/db/engine/sqlite-file.ts';

/**
 * For the knex command line only (`npx knex migrate:status`, by way of knexfile.js); the service itself reads its
 * environment in src/config/config.ts.
 */
if (existsSync('.env')) process.loadEnvFile('.env');
const { DATABASE_URL, DATA_DIR } = process.env;
const target = parseDatabaseUrl(DATABASE_URL || `sqlite:${join(DATA_DIR || 'data', 'pingui.db')}`);
if (target.dialect === 'sqlite') await createSqliteFile(target.file);

const config: Knex.Config = await knexConfig(target, (message) => void process.stderr.write(`${message}\n`));

/** For the command line's lists, which ask each pending migration for the file that it does not have here. */
const source = createMigrationSource();
const listed: Knex.MigrationSource<{ readonly file: string }> = {
  getMigrations: async () => (await source.getMigrations([])).map((file) => ({ file })),
  getMigrationName: ({ file }) => file,
  getMigration: ({ file }) => source.getMigration(file),
};

export default { ...config, migrations: { migrationSource: listed } } satisfies Knex.Config;
