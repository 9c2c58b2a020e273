import { randomUUID } from 'node:crypto';
import type { Database } from './engine/connect.ts';

const TABLE = 'Installation';

/** The id of this database; made when it is first asked for, and carried along by backups and by a move. */
export async function installationId({ knex }: Pick<Database, 'knex'>): Promise<string> {
  await knex(TABLE).insert({ one: 1, id: randomUUID() }).onConflict('one').ignore();
  const row = await knex<{ id: string }>(TABLE).first('id');
  if (row === undefined) throw new Error('the installation has no id');
  return row.id;
}

/**
 * Which key this database was used with: a fingerprint (crypto/key-fingerprint.ts). The first one is kept, and a new one
 * takes its place while no integration is active, whose token it would make worthless.
 * @returns the fingerprint in force
 */
export async function keepKeyFingerprint(
  { knex }: Pick<Database, 'knex'>,
  fingerprint: string,
): Promise<string> {
  const active = knex('Integrations').where({ status: 'active' }).select(knex.raw('1'));
  await knex(TABLE)
    .update({ keyFingerprint: fingerprint })
    .where((one) => one.whereNull('keyFingerprint').orWhereNotExists(active));
  const row = await knex<{ keyFingerprint: string }>(TABLE).first('keyFingerprint');
  return row?.keyFingerprint ?? fingerprint;
}

/** From now on this is the database's key: the one before is lost. */
export async function replaceKeyFingerprint(db: Pick<Database, 'knex'>, fingerprint: string): Promise<void> {
  await installationId(db);
  await db.knex(TABLE).update({ keyFingerprint: fingerprint });
}
