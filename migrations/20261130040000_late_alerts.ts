import type { Knex } from 'knex';

/**
 * Those that ended more than a day after they were accepted, by the time of that: a day's numbers are read from the entries that
 * ended on it and on the next one, and these few.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `CREATE INDEX "alerts_late_index" ON "Alerts" ("createdAt", "endedAt", "status", "reason", "folded", "notice", "integrationId")
       WHERE "endedAt" - "createdAt" > 86400000`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX "alerts_late_index"');
}
