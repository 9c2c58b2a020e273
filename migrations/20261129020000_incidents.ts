import type { Knex } from 'knex';

/**
 * An incident is one message that stays true. Times are epoch ms; there is no column for a text, a title or a key.
 * `closedAt`: it takes no more alerts. `version` counts what is to be shown, `shownVersion` what was shown.
 * `leadId`: the alert whose message becomes the incident's, until it has ended. `textId`: the alert whose text is shown.
 * `reply`: a short reply that is still to be sent.
 *
 * Of an alert: the incident that it belongs to, what it was folded into, the version that counts it, whether its own text
 * was shown, and Telegram's id of the message that it answers. Of an integration: the alerts that were folded today.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('Incidents', (table) => {
    table.string('id', 36).primary();
    table.integer('integrationId').notNullable().references('id').inTable('Integrations');
    table.string('keyHash', 64).notNullable();
    table.string('state', 16).notNullable();
    table.integer('count').notNullable();
    table.bigInteger('openedAt').notNullable();
    table.bigInteger('lastAt').notNullable();
    table.bigInteger('resolvedAt');
    table.bigInteger('closedAt');
    table.string('priority', 16).notNullable();
    table.bigInteger('rangAt');
    table.integer('version').notNullable();
    table.integer('shownVersion').notNullable();
    table.string('leadId', 36);
    table.bigInteger('messageId');
    table.bigInteger('threadId');
    table.string('textId', 36).notNullable();
    table.string('reply', 16);
    table.bigInteger('changedAt').notNullable();
    table.check(`"state" IN ('open', 'acknowledged', 'resolved', 'stale')`, [], 'incidents_state_check');
    table.check(`"reply" IN ('again', 'resolved', 'counted', 'stale')`, [], 'incidents_reply_check');
    table.index(['integrationId'], 'incidents_integration_index');
  });
  await knex.raw(
    `CREATE UNIQUE INDEX "incidents_live_unique" ON "Incidents" ("integrationId", "keyHash") WHERE "closedAt" IS NULL`,
  );
  // For the sweeps: what is live and long silent, closed long ago, on its way, and not shown yet.
  await knex.raw(`CREATE INDEX "incidents_silent_index" ON "Incidents" ("lastAt") WHERE "closedAt" IS NULL`);
  await knex.raw(
    `CREATE INDEX "incidents_closed_index" ON "Incidents" ("closedAt") WHERE "closedAt" IS NOT NULL`,
  );
  await knex.raw(`CREATE INDEX "incidents_lead_index" ON "Incidents" ("leadId") WHERE "leadId" IS NOT NULL`);
  await knex.raw(
    `CREATE INDEX "incidents_changed_index" ON "Incidents" ("changedAt")
       WHERE "shownVersion" < "version" OR "reply" IS NOT NULL`,
  );

  await knex.schema.alterTable('Alerts', (table) => {
    table.string('incidentId', 36);
    table.string('folded', 16);
    table.integer('foldVersion');
    table.smallint('shown').notNullable().defaultTo(0);
    table.bigInteger('replyTo');
  });
  await knex.raw(
    `CREATE INDEX "alerts_folded_index" ON "Alerts" ("incidentId", "foldVersion")
       WHERE "folded" IS NOT NULL AND "status" = 'queued'`,
  );
  await knex.schema.alterTable('Integrations', (table) => {
    table.integer('folded').notNullable().defaultTo(0);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('Integrations', (table) => {
    table.dropColumn('folded');
  });
  await knex.raw('DROP INDEX "alerts_folded_index"');
  await knex.schema.alterTable('Alerts', (table) => {
    for (const column of ['incidentId', 'folded', 'foldVersion', 'shown', 'replyTo'])
      table.dropColumn(column);
  });
  await knex.schema.dropTable('Incidents');
}
