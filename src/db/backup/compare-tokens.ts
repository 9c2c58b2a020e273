import type { Knex } from 'knex';

/** An integration whose token is another one after a restore. */
export interface ChangedToken {
  readonly id: number;
  readonly name: string;
  readonly chatId: number;
  /** What happened to it since the backup; `unknown`: there is nothing to compare with. */
  readonly since: 'revoked' | 'rotated' | 'deleted' | 'created' | 'unknown';
}

interface TokenRow {
  readonly id: number;
  readonly name: string;
  readonly chatId: number;
  readonly status: string;
  readonly tokenHash: string | null;
}

/**
 * What a restore does to tokens. `revived`: they work again, though they were revoked or rotated since the backup;
 * `ended`: they work now, and will not. @param before what is replaced; undefined where it cannot be read
 */
export async function compareTokens(
  before: Knex | undefined,
  after: Knex,
): Promise<{ readonly revived: readonly ChangedToken[]; readonly ended: readonly ChangedToken[] }> {
  const old = before === undefined ? undefined : await tokensOf(before);
  const back = await tokensOf(after);
  const revived: ChangedToken[] = [];
  for (const row of back.values()) {
    const since = old === undefined ? 'unknown' : whatHappened(old.get(row.id), row);
    if (row.status === 'active' && since !== undefined) revived.push(described(row, since));
  }
  const ended: ChangedToken[] = [];
  for (const row of old?.values() ?? []) {
    const then = back.get(row.id);
    if (row.status !== 'active' || then?.tokenHash === row.tokenHash) continue;
    ended.push(described(row, then?.status === 'active' ? 'rotated' : 'created'));
  }
  return { revived, ended };
}

/** The chats that are blocked now, and will not be. Old versions have blocked none. */
export async function unblockedChats(before: Knex | undefined, after: Knex): Promise<number[]> {
  if (before === undefined || !(await before.schema.hasTable('Chats'))) return [];
  const blocked = async (knex: Knex) =>
    (await knex<{ chatId: number; blockedAt: number | null }>('Chats').whereNotNull('blockedAt')).map(
      ({ chatId }) => chatId,
    );
  const still = new Set(await blocked(after));
  return (await blocked(before)).filter((chatId) => !still.has(chatId));
}

/** Undefined: its token is the same. */
function whatHappened(now: TokenRow | undefined, then: TokenRow): ChangedToken['since'] | undefined {
  if (now === undefined) return 'deleted';
  if (now.status === 'revoked') return 'revoked';
  return now.tokenHash === then.tokenHash ? undefined : 'rotated';
}

async function tokensOf(knex: Knex): Promise<Map<number, TokenRow>> {
  const rows: TokenRow[] = await knex('Integrations')
    .select('id', 'name', 'chatId', 'status', 'tokenHash')
    .orderBy('id');
  return new Map(rows.map((row) => [row.id, row]));
}

const described = ({ id, name, chatId }: TokenRow, since: ChangedToken['since']): ChangedToken => ({
  id,
  name,
  chatId,
  since,
});
