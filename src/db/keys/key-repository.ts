import { createGroup } from '../../async/batch.ts';
import type { KeyRepository, StoredKey } from '../../services/ports/keys.ts';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { createSession } from '../engine/session.ts';
import { FIND_KEYS } from '../hot-statements.ts';
import { IntegrationModel } from '../models/integration-model.ts';
import { KeyModel } from '../models/key-model.ts';

const MAX_BATCH = 1_000;

/** The capability keys of one database. Nothing is kept in memory: a key that was revoked is dead at once, everywhere. */
export function createKeyRepository(db: Pick<Database, 'knex' | 'dialect'>): KeyRepository {
  const { knex, dialect } = db;
  const session = createSession(db);

  return {
    findByHash: createGroup<string, StoredKey | undefined>(
      async (hashes) => {
        // The statement selects whole rows of Keys.
        const rows = (await session.run(
          FIND_KEYS,
          JSON.stringify([...new Set(hashes)]),
        )) as unknown as KeyRow[];
        const found = new Map(rows.map((row) => [row.keyHash, toStored(row)]));
        return hashes.map((hash) => ({ ok: true, value: found.get(hash) }));
      },
      { maxItems: MAX_BATCH },
    ),

    async list(integrationId) {
      return (await KeyModel.query(knex).where({ integrationId }).orderBy('id')).map(toStored);
    },

    add: ({ sealedOptions, ...key }, most) =>
      retryConflicts(() =>
        knex.transaction(async (trx) => {
          // Its lock comes first: two processes that add at once take turns, and a revocation is seen.
          const active = IntegrationModel.query(trx).select('id').where({ status: 'active' });
          const found = active.findById(key.integrationId);
          const integration = await (dialect === 'postgres' ? found.forUpdate() : found);
          if (integration === undefined) return 'not_active';
          const { integrationId } = key;
          if ((await KeyModel.query(trx).where({ integrationId }).resultSize()) >= most) return 'too_many';
          const { id } = await KeyModel.query(trx).insert({ ...key, options: sealedOptions });
          return toStored({ ...key, id, options: sealedOptions });
        }),
      ),

    async remove(integrationId, id) {
      const row = await KeyModel.query(knex).findOne({ integrationId, id });
      // Of two that remove it at once one has done so.
      const deleted = row === undefined ? 0 : await retryConflicts(() => KeyModel.query(knex).deleteById(id));
      return row === undefined || deleted === 0 ? undefined : toStored(row);
    },
  };
}

type KeyRow = Pick<
  KeyModel,
  'id' | 'integrationId' | 'adapter' | 'name' | 'keyHash' | 'options' | 'createdAt'
>;

/** With the model's own fields left behind. */
function toStored({ id, integrationId, adapter, name, keyHash, options, createdAt }: KeyRow): StoredKey {
  return { id, integrationId, adapter, name, keyHash, sealedOptions: options, createdAt };
}
