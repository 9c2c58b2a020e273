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
