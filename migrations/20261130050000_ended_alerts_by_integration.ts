import type { Knex } from 'knex';

const FOREIGN_KEY = ', foreign key(`integrationId`) references `Integrations`(`id`)';
const BEFORE_IT = "`notice` integer not null default '0'";

/**
 * An accept no longer writes to the index of the alerts' integrations: with many senders, each alert of a commit changed a
 * page of it. Ended alerts alone are in it. The foreign key would need all of them: where an integration is deleted, each
 * database would read all of Alerts. Its promise is kept by the statement that accepts, which reads the integration, and by
 * the purge, which deletes only those without alerts.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX "alerts_integration_index"');
  await knex.raw(
    `CREATE INDEX "alerts_integration_index" ON "Alerts" ("integrationId") WHERE "endedAt" IS NOT NULL`,
  );
  if (isSqlite(knex)) await rewriteTable(knex, (sql) => sql.replace(FOREIGN_KEY, ''));
  else await knex.schema.alterTable('Alerts', (table) => table.dropForeign('integrationId'));
}

export async function down(knex: Knex): Promise<void> {
  if (isSqlite(knex)) await rewriteTable(knex, (sql) => sql.replace(BEFORE_IT, BEFORE_IT + FOREIGN_KEY));
  else
    await knex.schema.alterTable('Alerts', (table) =>
      table.foreign('integrationId').references('id').inTable('Integrations'),
    );
  await knex.raw('DROP INDEX "alerts_integration_index"');
  await knex.raw(`CREATE INDEX "alerts_integration_index" ON "Alerts" ("integrationId")`);
}

const isSqlite = (knex: Knex) => knex.client.driverName === 'sqlite3';

/**
 * SQLite's own procedure for a constraint that does not change what is stored, instead of a copy of the whole table
 * (https://sqlite.org/lang_altertable.html#otheralter).
 */
async function rewriteTable(knex: Knex, rewrite: (sql: string) => string): Promise<void> {
  const [table] = await knex.raw(
    `SELECT "sql" FROM sqlite_schema WHERE "type" = 'table' AND "name" = 'Alerts'`,
  );
  const sql = rewrite(table.sql);
  if (sql === table.sql) throw new Error('the table Alerts is not as the earlier migrations left it');
  const [{ schema_version: version }] = await knex.raw('PRAGMA schema_version');
  await knex.raw('PRAGMA writable_schema = ON');
  await knex.raw(`UPDATE sqlite_schema SET "sql" = ? WHERE "type" = 'table' AND "name" = 'Alerts'`, [sql]);
  await knex.raw(`PRAGMA schema_version = ${version + 1}`);
  await knex.raw('PRAGMA writable_schema = RESET');
}
