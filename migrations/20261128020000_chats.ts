import type { Knex } from 'knex';

/**
 * `Chats`: those that are registered; `blockedAt`: when the operator blocked it (epoch ms), null while it is not.
 * `Invites`: links that let one more chat in, by the SHA-256 of what the link carries.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('Chats', (table) => {
    table.bigInteger('chatId').primary();
    table.bigInteger('registeredAt').notNullable();
    table.bigInteger('blockedAt');
  });
  await knex.schema.createTable('Invites', (table) => {
    table.string('hash', 64).primary();
    table.bigInteger('createdAt').notNullable();
    table.bigInteger('expiresAt').notNullable();
  });
  await knex.raw(
    `INSERT INTO "Chats" ("chatId", "registeredAt")
       SELECT "chatId", min("createdAt") FROM "Integrations" WHERE "status" <> 'revoked' GROUP BY "chatId"`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('Invites');
  await knex.schema.dropTable('Chats');
}
