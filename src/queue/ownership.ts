import type { RedisClient } from '../redis/connect.ts';

/** To which database belongs what is in Redis below the prefix: two of them would call each other's alerts lost. */
export interface Ownership {
  /** Takes it if nobody has it. False: another database has it. */
  claim(): Promise<boolean>;
  /** Another database had it when it was last claimed. */
  isForeign(): boolean;
  /** Takes it whoever has it. */
  adopt(): Promise<void>;
}

/** @param deps.id the installation's, from its database */
export function createOwnership(deps: { redis: RedisClient; prefix: string; id: string }): Ownership {
  const { redis, id } = deps;
  const key = `${deps.prefix}:installation`;
  let isForeign = false;
  return {
    async claim() {
      // After a FLUSHALL it is claimed again, by whoever asks first.
      await redis.setnx(key, id);
      isForeign = (await redis.get(key)) !== id;
      return !isForeign;
    },
    isForeign: () => isForeign,
    async adopt() {
      await redis.set(key, id);
      isForeign = false;
    },
  };
}
