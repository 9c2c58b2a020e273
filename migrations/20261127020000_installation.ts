import type { Knex } from 'knex';

/** The one row that names this database: what it has in Redis carries the same id. `one` keeps it the only row. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('Installation', (table) => {
    table.smallint('one').primary();
    table.string('id', 36).notNullable();
    table.check(`"one" = 1`, [], 'installation_one_check');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('Installation');
}
