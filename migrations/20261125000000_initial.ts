import type { Knex } from 'knex';

/**
 * Times are epoch milliseconds (BIGINT); yes and no are 1 and 0, so that both databases hold the same values. There
 * is no column for an alert's text, and there must never be one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('Integrations', (table) => {
    table.increments('id');
    table.bigInteger('chatId').notNullable();
    table.string('name', 64).notNullable().defaultTo('');
    table.string('tokenHash', 64);
    table.string('scope', 255).notNullable().defaultTo('');
    table.integer('rateLimit').notNullable();
    table.integer('dailyLimit').notNullable();
    table.string('status', 16).notNullable().defaultTo('pending');
    table.bigInteger('expiresAt');
    table.bigInteger('unreachableSince');
    table.string('unreachableReason', 255);
    table.integer('suspicion').notNullable().defaultTo(0);
    table.bigInteger('createdAt').notNullable();
    table.bigInteger('updatedAt').notNullable();
    table.check(`"status" IN ('active', 'revoked', 'pending')`, [], 'integrations_status_check');
    table.check(`"rateLimit" >= 0`, [], 'integrations_rate_limit_check');
    table.check(`"dailyLimit" >= 0`, [], 'integrations_daily_limit_check');
    table.index(['chatId'], 'integrations_chat_id_index');
  });

  await knex.schema.createTable('Alerts', (table) => {
    table.string('id', 36).primary();
    table.integer('integrationId').notNullable().references('id').inTable('Integrations');
    table.string('status', 16).notNullable().defaultTo('queued');
    table.string('reason', 255);
    table.string('format', 16).notNullable();
    table.string('priority', 16).notNullable();
    table.smallint('silent').notNullable().defaultTo(0);
    table.bigInteger('threadId');
    table.bigInteger('deliverAt');
    table.bigInteger('expiresAt');
    table.text('sealedTags');
    table.smallint('hasButton').notNullable().defaultTo(0);
    table.integer('parts');
    // Telegram's ids of the parts that arrived, in order, separated by commas: a part is added by one statement.
    table.text('messageIds').notNullable().defaultTo('');
    table.integer('remaining').notNullable();
    table.bigInteger('createdAt').notNullable();
    // When it last came into the queue: created, or resent.
    table.bigInteger('queuedAt').notNullable();
    table.bigInteger('sendingAt');
    table.bigInteger('endedAt');
    table.string('idempotencyKeyHash', 64);
    table.string('bodyHash', 64);
    table.check(
      `"status" IN ('queued', 'sending', 'delivered', 'failed', 'uncertain', 'expired')`,
      [],
      'alerts_status_check',
    );
    table.check(`"silent" IN (0, 1) AND "hasButton" IN (0, 1)`, [], 'alerts_flags_check');
    table.check(`"remaining" >= 0`, [], 'alerts_remaining_check');
    // For the sweeps and the counts. Entries that have not ended are few (MAX_QUEUE_SIZE), whatever the history.
    table.index(['status', 'queuedAt', 'id'], 'alerts_status_index');
  });

  await knex.schema.createTable('JobRuns', (table) => {
    table.string('name', 64).notNullable();
    table.string('slot', 64).notNullable();
    table.bigInteger('ranAt').notNullable();
    table.primary(['name', 'slot']);
  });

  await knex.raw(
    `CREATE UNIQUE INDEX "alerts_idempotency_unique" ON "Alerts" ("integrationId", "idempotencyKeyHash")
       WHERE "idempotencyKeyHash" IS NOT NULL`,
  );
  await knex.raw(`CREATE INDEX "alerts_ended_index" ON "Alerts" ("endedAt") WHERE "endedAt" IS NOT NULL`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('JobRuns');
  await knex.schema.dropTable('Alerts');
  await knex.schema.dropTable('Integrations');
}
