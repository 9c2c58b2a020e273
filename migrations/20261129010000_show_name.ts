import type { Knex } from 'knex';

/** `showName`: 1 if alerts show the integration's name where its chat has other active ones. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Integrations', (table) => {
    table.smallint('showName').notNullable().defaultTo(1);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Integrations', (table) => {
    table.dropColumn('showName');
  });
}
