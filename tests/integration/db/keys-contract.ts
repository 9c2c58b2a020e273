import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/db/engine/connect.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import { createKeyRepository } from '../../../src/db/keys/key-repository.ts';
import type { IntegrationRepository } from '../../../src/services/ports/integrations.ts';
import type { KeyRepository } from '../../../src/services/ports/keys.ts';
import type { TestDatabases } from './databases.ts';

const NOW = 1_700_000_000_000;

export function describeKeys(kind: TestDatabases): void {
  describe(`keys on ${kind.name}`, () => {
    let db: Database;
    let keys: KeyRepository;
    let integrations: IntegrationRepository;
    let hashes = 0;

    beforeAll(async () => {
      db = await kind.open();
      keys = createKeyRepository(db);
      integrations = createIntegrationRepository(db);
    });
    afterAll(() => db.close());

    async function integrate(): Promise<number> {
      const { id } = await integrations.insertPending(77, 'one', 10, NOW);
      await db
        .knex('Integrations')
        .where({ id })
        .update({ status: 'active', tokenHash: `t${id}` });
      return id;
    }
    const newKey = (integrationId: number, change: { sealedOptions?: string } = {}) => {
      hashes += 1;
      const keyHash = String(hashes).padStart(64, '0');
      const fields = { integrationId, adapter: 'github', name: 'builds', createdAt: NOW };
      return { ...fields, keyHash, sealedOptions: null, ...change };
    };

    it('are found by their hash, listed for their integration alone, and deleted once', async () => {
      const [own, other] = [await integrate(), await integrate()];
      const request = newKey(own, { sealedOptions: 'sealed' });
      const first = await keys.add(request, 20);
      if (typeof first === 'string') throw new Error(first);
      expect(first).toEqual({ ...request, id: first.id });
      const second = await keys.add(newKey(own), 20);
      await keys.add(newKey(other), 20);
      expect(await keys.list(own)).toEqual([first, second]);
      const found = await Promise.all(
        [request.keyHash, 'f'.repeat(64), request.keyHash].map(keys.findByHash),
      );
      expect(found).toEqual([first, undefined, first]);
      expect(await keys.remove(other, first.id)).toBeUndefined();
      expect(await keys.remove(own, first.id)).toEqual(first);
      expect(await keys.remove(own, first.id)).toBeUndefined();
      expect(await keys.findByHash(request.keyHash)).toBeUndefined();
    });

    it('are never more than an integration may have, however many are made at once', async () => {
      const id = await integrate();
      const made = await Promise.all(Array.from({ length: 6 }, () => keys.add(newKey(id), 3)));
      expect(made.filter((one) => one === 'too_many')).toHaveLength(3);
      expect(await keys.list(id)).toHaveLength(3);
    });

    it('die with their integration, and are not made for one that is not active', async () => {
      const id = await integrate();
      const request = newKey(id);
      await keys.add(request, 20);
      await integrations.revoke(id, NOW);
      expect(await keys.findByHash(request.keyHash)).toBeUndefined();
      expect(await keys.add(newKey(id), 20)).toBe('not_active');
      const pending = await integrations.insertPending(78, 'later', 10, NOW);
      expect(await keys.add(newKey(pending.id), 20)).toBe('not_active');
      expect(await keys.add(newKey(999_999), 20)).toBe('not_active');
      // One that an older version of the service has revoked keeps its keys until it is purged.
      const old = await integrate();
      const left = newKey(old);
      await keys.add(left, 20);
      await db
        .knex('Integrations')
        .where({ id: old })
        .update({ status: 'revoked', updatedAt: NOW - 10 });
      await integrations.purge({ revoked: NOW, pending: NOW });
      expect(await keys.findByHash(left.keyHash)).toBeUndefined();
    });

    it('outlive a new token of their integration, unless they are to be revoked with it', async () => {
      const id = await integrate();
      await keys.add(newKey(id), 20);
      const next = { tokenHash: 'new', scope: 'alert:send', expiresAt: NOW, now: NOW };
      expect(await integrations.rotate(id, 'another', { ...next, revokeKeys: true })).toBeUndefined();
      expect(await integrations.rotate(id, `t${id}`, { ...next, revokeKeys: false })).toMatchObject({
        scope: 'alert:send',
      });
      expect(await keys.list(id)).toHaveLength(1);
      await integrations.rotate(id, 'new', { ...next, tokenHash: 'newer', revokeKeys: true });
      expect(await keys.list(id)).toEqual([]);
    });
  });
}
