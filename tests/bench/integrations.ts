import { createTokens } from '../../src/crypto/tokens.ts';
import type { Database } from '../../src/db/engine/connect.ts';
import { createRandom } from '../support/random.ts';
import { openMigrated } from '../support/sqlite.ts';
import { SECRET } from './processes.ts';

/** A quota that no benchmark uses up. */
const PLENTY = 1_000_000_000;
const SCOPE = 'alert:send integration:read';
/** Rows per INSERT: below the drivers' limits of parameters. */
const BATCH = 100;
/** The chats of `makeManyIntegrations` follow this id. */
const MANY_CHATS = 5_000_000_000;

/** An active integration whose token is known. */
export interface Sender {
  readonly id: number;
  readonly chatId: number;
  readonly token: string;
}

export interface Made {
  readonly db: Database;
  readonly senders: readonly Sender[];
}

/** Makes one active integration per chat, straight in an empty database, each with `quota` units. */
export async function makeIntegrations(
  database: string,
  chats: readonly number[],
  quota = PLENTY,
): Promise<Made> {
  const db = await openMigrated(database);
  const issue = createIssue();
  const made = chats.map((chatId, index) => ({ chatId, id: index + 1, ...issue(index + 1) }));
  const rows = made.map(({ id, chatId, hash, expiresAt }) => ({
    id,
    chatId,
    name: 'bench',
    tokenHash: hash,
    scope: SCOPE,
    rateLimit: quota,
    dailyLimit: quota,
    status: 'active',
    expiresAt,
    createdAt: 0,
    updatedAt: 0,
  }));
  await db.knex.batchInsert('Integrations', rows, BATCH);
  return { db, senders: made.map(({ id, chatId, token }) => ({ id, chatId, token })) };
}

/**
 * Makes `count` active integrations, each with a chat of its own, in an empty SQLite database. Returns `known` of them
 * (all, if there are fewer), drawn at random from the whole range of ids and in random order, the same for the same
 * numbers; the others have a token that nobody knows.
 */
export async function makeManyIntegrations(database: string, count: number, known: number): Promise<Made> {
  const db = await openMigrated(database);
  await db.knex.raw(
    `INSERT INTO "Integrations"
       ("id","chatId","name","tokenHash","scope","rateLimit","dailyLimit","status","createdAt","updatedAt")
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     SELECT i, ? + i, 'bench', lower(hex(randomblob(32))), ?, ?, ?, 'active', 0, 0 FROM n`,
    [count, MANY_CHATS, SCOPE, PLENTY, PLENTY],
  );
  const issue = createIssue();
  const issued = drawIds(count, known).map((id) => ({ id, ...issue(id) }));
  await db.knex.raw(
    `UPDATE "Integrations" AS i SET "tokenHash" = t."hash", "expiresAt" = t."expiresAt"
       FROM (SELECT value ->> '$.id' AS "id", value ->> '$.hash' AS "hash", value ->> '$.expiresAt' AS "expiresAt"
             FROM json_each(?)) AS t
       WHERE i."id" = t."id"`,
    [JSON.stringify(issued.map(({ id, hash, expiresAt }) => ({ id, hash, expiresAt })))],
  );
  // Otherwise the first accepts of the larger databases would pay for moving the rows out of the log.
  await db.knex.raw('PRAGMA wal_checkpoint(TRUNCATE)');
  return { db, senders: issued.map(({ id, token }) => ({ id, chatId: MANY_CHATS + id, token })) };
}

function createIssue() {
  const tokens = createTokens({ secret: SECRET, clock: { now: Date.now }, setupTtlSeconds: 300, ttlDays: 1 });
  return (id: number) => tokens.issue(id, SCOPE);
}

/** Distinct ids of 1 to `count`, in random order. */
function drawIds(count: number, known: number): number[] {
  const random = createRandom(count);
  const ids = new Set<number>();
  while (ids.size < Math.min(count, known)) ids.add(1 + Math.floor(random() * count));
  return [...ids];
}
