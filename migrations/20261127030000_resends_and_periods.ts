import type { Knex } from 'knex';

/**
 * `resends`: how often the alert was sent again by hand.
 * `period` of an integration: counts its quota's resets; of an alert: the one that its unit was taken from (null: it took
 * none), so that it goes back to that one or to none.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Integrations', (table) => {
    table.integer('period').notNullable().defaultTo(0);
  });
  await knex.schema.alterTable('Alerts', (table) => {
    table.integer('resends').notNullable().defaultTo(0);
    table.integer('period');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Alerts', (table) => {
    table.dropColumn('period');
    table.dropColumn('resends');
  });
  await knex.schema.alterTable('Integrations', (table) => {
    table.dropColumn('period');
  });
}
