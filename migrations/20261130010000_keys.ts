import type { Knex } from 'knex';

/**
 * `Keys`: capability keys of integrations, by the SHA-256 (hex) of the key. `options`: what its adapter goes by, sealed with
 * the service's secret; null where nothing is set. Times are epoch milliseconds.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('Keys', (table) => {
    table.increments('id');
    table.integer('integrationId').notNullable().references('id').inTable('Integrations').onDelete('CASCADE');
    table.string('adapter', 32).notNullable();
    table.string('name', 64).notNullable();
    table.string('keyHash', 64).notNullable();
    table.text('options');
    table.bigInteger('createdAt').notNullable();
    table.unique(['keyHash'], { indexName: 'keys_hash_unique' });
    table.index(['integrationId'], 'keys_integration_index');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('Keys');
}
