import type { Statement } from './statement.ts';

/**
 * The statements of the hot path. Lists go in as one JSON parameter: the text stays the same for any number of rows,
 * so that both drivers prepare it once.
 */

const INTEGRATION_COLUMNS = columns(
  ...['id', 'chatId', 'name', 'tokenHash', 'scope', 'rateLimit', 'dailyLimit', 'status', 'expiresAt'],
  ...['unreachableSince', 'unreachableReason', 'createdAt', 'updatedAt'],
);

/** [ids] */
export const FIND_INTEGRATIONS: Statement = {
  name: 'find-integrations',
  sqlite: `SELECT ${INTEGRATION_COLUMNS} FROM "Integrations" WHERE "id" IN (SELECT value FROM json_each(?))`,
  postgres: `SELECT ${INTEGRATION_COLUMNS} FROM "Integrations"
    WHERE "id" = ANY (ARRAY (SELECT json_array_elements_text($1::json)::bigint))`,
};

/** [ids]. In the order of their ids: two processes that lock several integrations never wait for each other. */
export const LOCK_INTEGRATIONS: Statement = {
  name: 'lock-integrations',
  // The transaction holds SQLite's only write lock already.
  sqlite: `SELECT "id", "rateLimit", "status", "tokenHash" FROM "Integrations" WHERE "id" IN (SELECT value FROM json_each(?))`,
  postgres: `SELECT "id", "rateLimit", "status", "tokenHash" FROM "Integrations"
    WHERE "id" = ANY (ARRAY (SELECT json_array_elements_text($1::json)::bigint)) ORDER BY "id" FOR UPDATE`,
};

/** [{integrationId, keyHash}] */
export const FIND_KEY_HOLDERS: Statement = {
  name: 'find-key-holders',
  sqlite: `SELECT a.* FROM json_each(?) k CROSS JOIN "Alerts" a
    ON a."integrationId" = k.value ->> '$.integrationId' AND a."idempotencyKeyHash" = k.value ->> '$.keyHash'`,
  postgres: `SELECT a.* FROM json_to_recordset($1::json) AS k ("integrationId" int, "keyHash" text)
    JOIN "Alerts" a ON a."integrationId" = k."integrationId" AND a."idempotencyKeyHash" = k."keyHash"`,
};

/** [ids] */
export const FREE_KEYS: Statement = {
  name: 'free-keys',
  sqlite: `UPDATE "Alerts" SET "idempotencyKeyHash" = NULL, "bodyHash" = NULL
    WHERE "id" IN (SELECT value FROM json_each(?))`,
  postgres: `UPDATE "Alerts" SET "idempotencyKeyHash" = NULL, "bodyHash" = NULL
    WHERE "id" = ANY (ARRAY (SELECT json_array_elements_text($1::json)))`,
};

const UNITS_SQLITE = `(SELECT value ->> '$.integrationId' AS "integrationId", value ->> '$.units' AS "units"
  FROM json_each(?))`;
const UNITS_POSTGRES = `json_to_recordset($1::json)`;
const UNITS_TYPES = `("integrationId" int, "units" int)`;

const TAKE = `UPDATE "Integrations" AS i SET "rateLimit" = i."rateLimit" - t."units"`;
const TAKE_WHERE = `i."id" = t."integrationId" AND i."status" = 'active' AND i."rateLimit" >= t."units"`;

/** [{integrationId, units}]; a row per integration whose units were there. */
export const TAKE_UNITS: Statement = {
  name: 'take-units',
  sqlite: `${TAKE} FROM ${UNITS_SQLITE} AS t WHERE ${TAKE_WHERE} RETURNING "id"`,
  postgres: `${TAKE} FROM ${UNITS_POSTGRES} AS t ${UNITS_TYPES} WHERE ${TAKE_WHERE} RETURNING i."id"`,
};

// Never above the daily limit, and never below what is there (the daily limit may have been lowered).
const GIVE = `UPDATE "Integrations" AS i SET "rateLimit" = CASE
  WHEN i."rateLimit" + t."units" <= i."dailyLimit" THEN i."rateLimit" + t."units"
  WHEN i."rateLimit" < i."dailyLimit" THEN i."dailyLimit" ELSE i."rateLimit" END`;

/** [{integrationId, units}] */
export const GIVE_UNITS: Statement = {
  name: 'give-units',
  sqlite: `${GIVE} FROM ${UNITS_SQLITE} AS t WHERE i."id" = t."integrationId"`,
  postgres: `${GIVE} FROM ${UNITS_POSTGRES} AS t ${UNITS_TYPES} WHERE i."id" = t."integrationId"`,
};

/** Column → its type in PostgreSQL. */
const INSERTED = {
  id: 'text',
  integrationId: 'int',
  format: 'text',
  priority: 'text',
  silent: 'smallint',
  threadId: 'bigint',
  deliverAt: 'bigint',
  expiresAt: 'bigint',
  sealedTags: 'text',
  hasButton: 'smallint',
  remaining: 'int',
  createdAt: 'bigint',
  queuedAt: 'bigint',
  idempotencyKeyHash: 'text',
  bodyHash: 'text',
} as const;

/** One entry for INSERT_ALERTS. */
export type InsertedAlert = Readonly<Record<keyof typeof INSERTED, string | number | null>>;

const INSERT = `INSERT INTO "Alerts" (${columns(...Object.keys(INSERTED))})`;

/** [InsertedAlert] */
export const INSERT_ALERTS: Statement = {
  name: 'insert-alerts',
  sqlite: `${INSERT} SELECT ${Object.keys(INSERTED)
    .map((column) => `value ->> '$.${column}'`)
    .join(', ')} FROM json_each(?)`,
  postgres: `${INSERT} SELECT ${columns(...Object.keys(INSERTED))} FROM json_to_recordset($1::json) AS r (${Object.entries(
    INSERTED,
  )
    .map(([column, type]) => `"${column}" ${type}`)
    .join(', ')})`,
};

/** [{id, integrationId}]; a row per entry that was still queued and of which no part was sent. */
export const DELETE_QUEUED: Statement = {
  name: 'delete-queued',
  // The + keeps SQLite from reading all queued entries instead of these.
  sqlite: `DELETE FROM "Alerts" WHERE +"status" = 'queued' AND "messageIds" = '' AND ("id", "integrationId") IN
    (SELECT value ->> '$.id', value ->> '$.integrationId' FROM json_each(?))
    RETURNING "id", "integrationId", "createdAt"`,
  postgres: `DELETE FROM "Alerts" a USING json_to_recordset($1::json) AS r ("id" text, "integrationId" int)
    WHERE a."id" = r."id" AND a."integrationId" = r."integrationId" AND a."status" = 'queued'
      AND a."messageIds" = ''
    RETURNING a."id", a."integrationId", a."createdAt"`,
};

const LAST_RESET = `SELECT max("ranAt") AS "ranAt" FROM "JobRuns" WHERE "name" =`;

/** name of the job */
export const LAST_RUN: Statement = {
  name: 'last-run',
  sqlite: `${LAST_RESET} ?`,
  postgres: `${LAST_RESET} $1`,
};

function columns(...names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
