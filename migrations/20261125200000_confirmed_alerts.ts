import type { Knex } from 'knex';

/**
 * When somebody read a 202 for the entry (epoch ms). Only repeats of an idempotency key write it: they may answer while
 * the first request still doubts that its alert has reached the queue, and must not be given the lie by its withdrawal.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Alerts', (table) => {
    table.bigInteger('confirmedAt');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Alerts', (table) => {
    table.dropColumn('confirmedAt');
  });
}
