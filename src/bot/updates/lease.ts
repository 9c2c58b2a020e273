import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { pause } from '../../async/pause.ts';
import { within } from '../../async/within.ts';
import type { BotLogger } from '../bot-logger.ts';

/** The right to be the only poller, for as long as `lost` is not aborted. */
export interface Holding {
  /** Aborted when another process has the lease, or when it could not be renewed in time. */
  readonly lost: AbortSignal;
  /** Gives it up at once for the next process. Never rejects; takes at most a second. */
  release(): Promise<void>;
}

export interface Lease {
  /** One try. Undefined while another process holds it. Rejects within 2 s when Redis does not answer. */
  tryAcquire(): Promise<Holding | undefined>;
}

interface LeaseOptions {
  /** Milliseconds after which the lease of a dead process ends. */
  readonly ttlMs?: number;
  /** Milliseconds between renewals. */
  readonly renewMs?: number;
  readonly logger?: BotLogger;
}

/** Redis commands that are not answered within this time count as failed, in milliseconds. */
const COMMAND_LIMIT_MS = 2_000;
const RELEASE_LIMIT_MS = 1_000;

/** Takes or prolongs: a late or repeated call of the owner is harmless. */
const TAKE = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  -- Where Redis's clock was set back, a dead owner's key would outlast it by as much.
  if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/**
 * Exactly one holder over all processes that share a Redis: a key with an owner and an end. After a `kill -9` the next
 * process gets it within `ttlMs`, after a release at once. The holder counts its time from before each renewal was
 * sent, on a clock that never jumps, so that it stops before Redis lets the key go, also while Redis is away.
 * One lease object serves one poller.
 */
export function createLease(redis: Pick<Redis, 'eval'>, key: string, options: LeaseOptions = {}): Lease {
  const { ttlMs = 20_000, renewMs = 5_000, logger } = options;
  // One name for all tries: a try that Redis executes after we gave it up must not lock us out.
  const owner = randomUUID();

  async function take(): Promise<boolean> {
    return (await within(COMMAND_LIMIT_MS, async () => redis.eval(TAKE, 1, key, owner, ttlMs))) === 1;
  }

  async function keep(takenAt: number, lose: AbortController, stop: AbortSignal): Promise<void> {
    let endsAt = takenAt + ttlMs;
    let expiry = setTimeout(() => lose.abort(), endsAt - performance.now());
    for (;;) {
      await pause(renewMs, stop);
      if (stop.aborted || lose.signal.aborted) break;
      const sentAt = performance.now();
      try {
        if (!(await take())) {
          lose.abort();
          break;
        }
        clearTimeout(expiry);
        if (stop.aborted || lose.signal.aborted) break;
        endsAt = sentAt + ttlMs;
        expiry = setTimeout(() => lose.abort(), endsAt - performance.now());
      } catch {
        logger?.warn(
          { leftMs: Math.round(endsAt - performance.now()) },
          'Could not renew the polling lease yet',
        );
      }
    }
    clearTimeout(expiry);
  }

  return {
    async tryAcquire() {
      const takenAt = performance.now();
      if (!(await take())) return undefined;
      const lose = new AbortController();
      const stop = new AbortController();
      const kept = keep(takenAt, lose, stop.signal);
      return {
        lost: lose.signal,
        async release() {
          stop.abort();
          const released = kept.then(() => redis.eval(RELEASE, 1, key, owner));
          // If Redis is down, the key expires on its own.
          await within(RELEASE_LIMIT_MS, () => released).catch(() => undefined);
        },
      };
    },
  };
}
