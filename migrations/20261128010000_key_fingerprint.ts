import type { Knex } from 'knex';

/** Which JWT_SECRET this database was used with: derived from it, and of no use without it. Null until the next start. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Installation', (table) => {
    table.string('keyFingerprint', 64);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Installation', (table) => {
    table.dropColumn('keyFingerprint');
  });
}
