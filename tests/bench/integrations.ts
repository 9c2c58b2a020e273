import { connectDatabase, type Database } from '../../src/db/connect.ts';
import { createIntegrationRepository } from '../../src/db/integration-repository.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createTokens } from '../../src/services/tokens.ts';
import { SECRET } from './processes.ts';

/** A quota that no benchmark uses up. */
const PLENTY = 1_000_000_000;

/** Makes active integrations, one per chat, straight in the database. Returns their tokens. */
export async function makeIntegrations(
  database: string,
  chats: readonly number[],
  more = 0,
): Promise<{ tokens: string[]; db: Database }> {
  const db = await connectDatabase({ url: database });
  await migrate(db);
  const repository = createIntegrationRepository(db);
  const tokens = createTokens({ secret: SECRET, clock: { now: Date.now }, setupTtlSeconds: 300, ttlDays: 1 });
  const made: string[] = [];
  for (const chatId of chats) {
    const now = Date.now();
    const { id } = await repository.insertPending(chatId, 'bench', PLENTY, now);
    await repository.storeSetupToken(id, 'bench', 'setup', now + 1_000, now);
    const issued = tokens.issue(id, 'alert:send integration:read');
    await repository.activate(id, 'setup', {
      tokenHash: issued.hash,
      scope: 'alert:send integration:read',
      name: null,
      expiresAt: issued.expiresAt,
      now,
    });
    made.push(issued.token);
  }
  if (more > 0) await fill(db, more);
  return { tokens: made, db };
}

/** `count` further integrations that nobody uses, for the growth benchmark. */
async function fill(db: Database, count: number): Promise<void> {
  await db.knex.raw(
    `INSERT INTO "Integrations" ("chatId","name","tokenHash","scope","rateLimit","dailyLimit","status","createdAt","updatedAt")
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     SELECT 5000000000 + i, 'filler', hex(randomblob(32)), 'alert:send', 10, 10, 'active', 0, 0 FROM n`,
    [count],
  );
}
