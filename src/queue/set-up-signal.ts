import { within } from '../async/within.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { SetUp, SetUpSignal } from '../services/ports/set-ups.ts';

/** So long, in ms, an exchange waits until its chat was told: then that comes before the first alert. */
const WAIT_MS = 500;
/** Of several bots one tells; who does is remembered so long, in seconds: far longer than a message of Redis takes. */
const CLAIM_SECONDS = 60;

/** To the bot of this process, else over Redis pub/sub to that of another one. */
export function createSetUpSignal(deps: {
  publisher: RedisClient;
  /** A subscribed connection can do nothing else; it may be shared with other channels. */
  subscriber: RedisClient;
  /** QUEUE_PREFIX */
  prefix: string;
}): SetUpSignal {
  const { publisher, subscriber } = deps;
  const channel = `${deps.prefix}:set-up`;
  let tell: ((setUp: SetUp) => Promise<void>) | undefined;

  async function hear(message: string): Promise<void> {
    // Published below.
    const setUp = JSON.parse(message) as SetUp;
    const { integrationId, keyId } = setUp;
    const claim = `${channel}:${integrationId}${keyId === undefined ? '' : `:${keyId}`}`;
    if ((await publisher.set(claim, '1', 'EX', CLAIM_SECONDS, 'NX')) === 'OK') await tell?.(setUp);
  }

  return {
    async publish(setUp) {
      const { integrationId, locale, keyId } = setUp;
      const told =
        tell === undefined
          ? publisher.publish(channel, JSON.stringify({ integrationId, locale, keyId }))
          : within(WAIT_MS, () => tell?.(setUp) ?? Promise.resolve());
      await told.catch(() => undefined);
    },
    listen(listener) {
      tell = listener;
      subscriber.on('message', (name, message) => {
        if (name === channel) hear(message).catch(() => undefined);
      });
      // ioredis subscribes again after a reconnect.
      subscriber.subscribe(channel).catch(() => undefined);
    },
  };
}
