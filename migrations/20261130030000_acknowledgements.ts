import type { Knex } from 'knex';

/**
 * Of an integration: 1 if its alerts have a button to acknowledge them. Of an incident: whether its message has one, when it
 * was acknowledged, and by whom (sealed). An alert without a key that can be acknowledged is an incident of its own, which
 * takes no others: closed, and neither resolved nor stale.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Integrations', (table) => {
    table.smallint('acknowledge').notNullable().defaultTo(0);
  });
  await knex.schema.alterTable('Incidents', (table) => {
    table.smallint('hasButtons').notNullable().defaultTo(0);
    table.bigInteger('acknowledgedAt');
    table.text('acknowledgedBy');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Incidents', (table) => {
    for (const column of ['hasButtons', 'acknowledgedAt', 'acknowledgedBy']) table.dropColumn(column);
  });
  await knex.schema.alterTable('Integrations', (table) => {
    table.dropColumn('acknowledge');
  });
}
