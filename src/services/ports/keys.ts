import type { CapabilityKey } from '../../domain/capability-key.ts';

/** A key as it is stored: never the key itself. */
export interface StoredKey extends CapabilityKey {
  /** Hex SHA-256 of the key. */
  readonly keyHash: string;
  /** Sealed; null: none are set. */
  readonly sealedOptions: string | null;
}

export interface KeyRepository {
  /** Batches the look-ups of one event-loop turn into one query (the hot path of keys). */
  findByHash(keyHash: string): Promise<StoredKey | undefined>;
  /** The newest last. */
  list(integrationId: number): Promise<StoredKey[]>;
  /**
   * `too_many`: the integration has `most` already, exact over all processes. `not_active`: it is not active, or no longer
   * there.
   */
  add(key: Omit<StoredKey, 'id'>, most: number): Promise<StoredKey | 'too_many' | 'not_active'>;
  /** The key that was deleted; undefined: this integration has none with this id. */
  remove(integrationId: number, id: number): Promise<StoredKey | undefined>;
}
