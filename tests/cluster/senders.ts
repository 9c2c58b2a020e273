import { pause } from '../../src/async/pause.ts';
import type { Posted } from '../chaos/sender.ts';
import type { ApiAnswer } from '../support/api-client.ts';
import type { Provisioned } from '../support/provision.ts';
import type { Fleet } from './fleet.ts';

export interface Senders {
  /** The final answer to each alert, in the order of the answers. */
  readonly posted: readonly Posted[];
  /** Requests in all, and those that got no answer or one that asks to try again. */
  readonly counts: { requests: number; unanswered: number; unavailable: number };
  /** Lets each sender bring its last alert to an end. @throws Error when one cannot within 60 s */
  stop(): Promise<void>;
}

/** A sender's own limit for one alert, in ms: far above any restart. */
const GIVE_UP_MS = 60_000;
const RETRY_MS = 100;

/**
 * One sender per chat. Each posts an alert with an Idempotency-Key to an api process of its choice and repeats it, to
 * another one, on a network error or a 5xx, as docs tell senders to; then the next.
 */
export function startSenders(
  fleet: Fleet,
  chats: readonly Provisioned[],
  everyMs: number,
  random: () => number,
): Senders {
  const posted: Posted[] = [];
  const counts = { requests: 0, unanswered: 0, unavailable: 0 };
  let running = true;
  let serial = 0;

  const ask = async (chat: Provisioned, mark: string): Promise<ApiAnswer | undefined> => {
    const apis = fleet.members.filter(({ role }) => role === 'api');
    const target = apis[Math.floor(random() * apis.length)];
    counts.requests += 1;
    const headers = { 'idempotency-key': `key-${mark}` };
    return target?.service.api
      .postAlert(chat.token, { message: `alert #${mark}#` }, headers)
      .catch(() => undefined);
  };

  const post = async (chat: Provisioned): Promise<void> => {
    const mark = String(++serial);
    const began = performance.now();
    for (;;) {
      const answer = await ask(chat, mark);
      if (answer !== undefined && answer.status < 500) {
        posted.push({
          mark,
          chatId: chat.chatId,
          status: answer.status,
          id: answer.status === 202 ? (answer.body.id as string) : undefined,
          code: answer.body?.code,
          tookMs: performance.now() - began,
          at: performance.timeOrigin + performance.now(),
        });
        return;
      }
      if (answer === undefined) counts.unanswered += 1;
      else counts.unavailable += 1;
      if (performance.now() - began > GIVE_UP_MS) {
        throw new Error(
          `alert #${mark}# was not taken within ${GIVE_UP_MS} ms: ${answer?.status} ${answer?.text}`,
        );
      }
      await pause(RETRY_MS);
    }
  };

  const loops = chats.map(async (chat, index) => {
    await pause((everyMs * index) / chats.length);
    while (running) {
      const next = pause(everyMs);
      await post(chat);
      await next;
    }
  });
  // A sender that gives up is reported by stop, not before.
  const done = Promise.allSettled(loops);
  return {
    posted,
    counts,
    async stop() {
      running = false;
      const failed = (await done).find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}
