import type { Knex } from 'knex';

/**
 * `carriedOver`: units of today's limit that revoked integrations of the chat had spent before this one was activated.
 * `ownLimit`: 1 if the daily limit was set for this integration alone, so that MAX_ALERTS does not reach it.
 * `toldAt`: when the chat was told that today's quota is used up (epoch ms); null: it was not.
 * `position` of a job's run: the last integration that it is done with; null once it is done with all.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Integrations', (table) => {
    table.integer('carriedOver').notNullable().defaultTo(0);
    table.smallint('ownLimit').notNullable().defaultTo(0);
    table.bigInteger('toldAt');
    // A chat's revoked integrations may be many, its others are few.
    table.dropIndex(['chatId'], 'integrations_chat_id_index');
    table.index(['chatId', 'status'], 'integrations_chat_status_index');
  });
  await knex.schema.alterTable('JobRuns', (table) => {
    table.integer('position');
  });
  await knex.raw(
    `CREATE INDEX "integrations_spent_index" ON "Integrations" ("chatId")
       WHERE "status" = 'revoked' AND "rateLimit" < "dailyLimit"`,
  );
  // Purges look for the oldest ones, and a deleted integration's key is looked for in Alerts.
  await knex.raw(
    `CREATE INDEX "integrations_idle_index" ON "Integrations" ("updatedAt") WHERE "status" <> 'active'`,
  );
  await knex.raw(`CREATE INDEX "alerts_integration_index" ON "Alerts" ("integrationId")`);
}

export async function down(knex: Knex): Promise<void> {
  for (const index of ['alerts_integration_index', 'integrations_idle_index', 'integrations_spent_index'])
    await knex.raw(`DROP INDEX "${index}"`);
  await knex.schema.alterTable('JobRuns', (table) => {
    table.dropColumn('position');
  });
  await knex.schema.alterTable('Integrations', (table) => {
    table.dropIndex(['chatId', 'status'], 'integrations_chat_status_index');
    table.index(['chatId'], 'integrations_chat_id_index');
    table.dropColumn('toldAt');
    table.dropColumn('ownLimit');
    table.dropColumn('carriedOver');
  });
}
