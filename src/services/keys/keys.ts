import { type CapabilityKey, isKeyForm, type KeyOptions, MAX_KEYS } from '../../domain/capability-key.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Integration } from '../../domain/integration.ts';
import { inTime } from '../in-time.ts';
import { checkName } from '../integrations/input.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeySource, PayloadCipher } from '../ports/crypto.ts';
import type { KeyRepository, StoredKey } from '../ports/keys.ts';

/** A key with what its adapter goes by. */
export interface OpenedKey extends CapabilityKey {
  readonly options: KeyOptions;
}

type Owner = Pick<Integration, 'id' | 'chatId'>;

export interface KeyService {
  /**
   * A new key for one adapter; `key` itself is shown this once. Unnamed, it is called as the adapter. The adapter and its
   * options are checked before (src/ingest/adapters.ts).
   * @throws AppError too_many_keys, invalid_request (the name), integration_not_active, database_unavailable
   */
  make(
    integration: Owner,
    request: { readonly adapter: string; readonly name?: string | undefined; readonly options?: KeyOptions },
  ): Promise<OpenedKey & { readonly key: string }>;
  /** The newest last. @throws AppError database_unavailable */
  list(integration: Pick<Integration, 'id'>): Promise<OpenedKey[]>;
  /** Dead at once. @throws AppError not_found (also for another's), database_unavailable */
  revoke(integration: Owner, id: number): Promise<CapabilityKey>;
  /**
   * The key that somebody shows. Whether its integration can send is what the accept decides.
   * @throws AppError unauthorized, database_unavailable
   */
  authenticate(key: string): Promise<OpenedKey>;
}

const AGAIN = 'Try again in a few seconds.';

export function createKeyService(deps: {
  keys: KeyRepository;
  keySource: KeySource;
  cipher: Pick<PayloadCipher, 'sealOptions' | 'openOptions' | 'hashChat'>;
  events: EventBus;
  clock: Clock;
}): KeyService {
  const { keys, keySource, cipher, events, clock } = deps;

  /** Undefined where its options were sealed with another secret. */
  function open({ sealedOptions, keyHash, ...key }: StoredKey): OpenedKey | undefined {
    if (sealedOptions === null) return { ...key, options: {} };
    try {
      return { ...key, options: cipher.openOptions(sealedOptions, keyHash) };
    } catch {
      return undefined;
    }
  }

  return {
    async make(integration, { adapter, name, options = {} }) {
      const { key, hash: keyHash } = keySource.issue();
      const stored = await inTime(
        () =>
          keys.add(
            {
              ...{ integrationId: integration.id, adapter, name: checkName(name ?? adapter), keyHash },
              sealedOptions: Object.keys(options).length === 0 ? null : cipher.sealOptions(options, keyHash),
              createdAt: clock.now(),
            },
            MAX_KEYS,
          ),
        AGAIN,
        // Nobody has read the key.
        async (late) => typeof late === 'object' && keys.remove(integration.id, late.id),
      );
      if (stored === 'too_many') throw tooManyKeys();
      if (stored === 'not_active')
        throw new AppError('integration_not_active', 'This integration is not active: it can have no keys.');
      events.emit('key.made', eventOf(stored, integration));
      return { ...withoutOptions(stored), options, key };
    },

    async list({ id }) {
      const known = await inTime(() => keys.list(id), AGAIN);
      return known.map((one) => open(one) ?? withoutOptions(one));
    },

    async revoke(integration, id) {
      const removed = await inTime(
        () => keys.remove(integration.id, id),
        'The key may be revoked all the same.',
      );
      if (removed === undefined) throw new AppError('not_found', 'This integration has no key with this id.');
      events.emit('key.revoked', eventOf(removed, integration));
      return withoutOptions(removed);
    },

    async authenticate(key) {
      if (!isKeyForm(key)) throw deadKey();
      const stored = await inTime(() => keys.findByHash(keySource.hash(key)), AGAIN);
      // Without its options it would take what they forbid, such as a request that nobody has signed.
      const known = stored && open(stored);
      if (known === undefined) throw deadKey();
      return known;
    },
  };

  function eventOf({ id: keyId, adapter }: CapabilityKey, { id: integrationId, chatId }: Owner) {
    return { keyId, integrationId, adapter, chat: cipher.hashChat(chatId) };
  }
}

function withoutOptions({ sealedOptions: _, keyHash: __, ...key }: StoredKey): OpenedKey {
  return { ...key, options: {} };
}

function deadKey(): AppError {
  return new AppError(
    'unauthorized',
    'This key is not valid: it was revoked, it is not complete, or it was made by another service. GET /api/keys and /keys in the bot list the keys that there are.',
  );
}

function tooManyKeys(): AppError {
  return new AppError(
    'too_many_keys',
    `This integration has ${MAX_KEYS} keys, as many as one may have. Revoke one of them first, with DELETE /api/keys/<id>.`,
  );
}
