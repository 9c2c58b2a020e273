import type { Knex } from 'knex';

/**
 * Of an integration: what becomes of its alerts beyond what it may send. Of an incident: the alerts whose titles a digest shows,
 * the newest first, separated by commas; null: it is no digest.
 *
 * An index for the alerts of an incident, where one of them is taken back; alerts without an incident are not in it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Integrations', (table) => {
    table.string('overflow', 16).notNullable().defaultTo('refuse');
  });
  await knex.schema.alterTable('Incidents', (table) => {
    table.text('titleIds');
  });
  // For the sweep that ends them a minute after the last alert.
  await knex.raw(
    `CREATE INDEX "incidents_digests_index" ON "Incidents" ("lastAt")
       WHERE "closedAt" IS NULL AND "titleIds" IS NOT NULL`,
  );
  await knex.raw(
    `CREATE INDEX "alerts_incident_index" ON "Alerts" ("incidentId", "foldVersion") WHERE "incidentId" IS NOT NULL`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX "alerts_incident_index"');
  await knex.raw('DROP INDEX "incidents_digests_index"');
  await knex.schema.alterTable('Incidents', (table) => {
    table.dropColumn('titleIds');
  });
  await knex.schema.alterTable('Integrations', (table) => {
    table.dropColumn('overflow');
  });
}
