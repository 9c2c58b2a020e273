import type { Knex } from 'knex';

/**
 * `DailyCounts`: a closed day's numbers, by what was counted and its reason ('' where there is none).
 * `Refusals`: by quarter of an hour (its beginning, epoch ms), so that a day of every time zone can be made of them.
 * `QuotaHits`: refusals for a used-up quota, by the integration's day.
 * `notice` of an alert: 1 if the service wrote it by itself, so that it counts as no alert. `bytes` of a job's run: the
 * size of the backup.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('DailyCounts', (table) => {
    table.string('date', 10).notNullable();
    table.string('what', 24).notNullable();
    table.string('code', 255).notNullable().defaultTo('');
    table.bigInteger('count').notNullable();
    table.primary(['date', 'what', 'code']);
  });
  await knex.schema.createTable('Refusals', (table) => {
    table.bigInteger('slot').notNullable();
    table.string('code', 64).notNullable();
    table.bigInteger('count').notNullable();
    table.primary(['slot', 'code']);
  });
  await knex.schema.createTable('QuotaHits', (table) => {
    table.string('date', 10).notNullable();
    table.integer('integrationId').notNullable();
    table.bigInteger('count').notNullable();
    table.primary(['date', 'integrationId']);
  });
  await knex.schema.alterTable('JobRuns', (table) => {
    table.bigInteger('bytes');
  });
  await knex.schema.alterTable('Alerts', (table) => {
    table.smallint('notice').notNullable().defaultTo(0);
  });
  // All that the statistics read of an ended entry. An accept does not touch it.
  await knex.raw('DROP INDEX "alerts_ended_index"');
  await knex.raw(
    `CREATE INDEX "alerts_ended_index" ON "Alerts"
       ("endedAt", "status", "reason", "createdAt", "folded", "notice", "integrationId") WHERE "endedAt" IS NOT NULL`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX "alerts_ended_index"');
  await knex.raw(`CREATE INDEX "alerts_ended_index" ON "Alerts" ("endedAt") WHERE "endedAt" IS NOT NULL`);
  await knex.schema.alterTable('Alerts', (table) => {
    table.dropColumn('notice');
  });
  await knex.schema.alterTable('JobRuns', (table) => {
    table.dropColumn('bytes');
  });
  for (const table of ['QuotaHits', 'Refusals', 'DailyCounts']) await knex.schema.dropTable(table);
}
