import { pause } from '../../../src/async/pause.ts';
import { ALERT_LIMITS } from '../../../src/domain/alert.ts';
import type { ApiAnswer, CallOptions } from '../../support/api-client.ts';
import type { Provisioned } from '../../support/provision.ts';
import type { Rig } from '../rig.ts';
import type { Posted } from '../sender.ts';

const DAY_MS = 86_400_000;
/** So many posts of the greedy one, and the next is for next week. */
const SCHEDULE_EACH = 5;
/** Between two attacks of the hostile one, in ms. */
const ATTACK_EVERY_MS = 300;
/** Nobody reads a longer body to its end: the connection may be cut while it is being sent. */
const HUGE = 5_000_000;

/** Posts as fast as it is answered, whatever the answer, for now and for next week. The result: what is for next week. */
export function beGreedy(rig: Rig, chat: Provisioned): () => Promise<Posted[]> {
  const scheduled: Posted[] = [];
  let running = true;
  const loop = (async () => {
    for (let count = 0; running; count += 1) {
      if (count % SCHEDULE_EACH > 0) {
        await rig.sender.post(chat);
        continue;
      }
      const deliverAt = new Date(Date.now() + 6 * DAY_MS).toISOString();
      scheduled.push(await rig.sender.post(chat, { deliverAt }));
    }
  })();
  return async () => {
    running = false;
    await loop;
    return scheduled;
  };
}

/** Markdown that once blocked the process for 1 to 2.4 s, as long as a message may be. */
const MARKDOWN: readonly string[] = [
  `a ${'<?'.repeat(8_000)}`,
  `#<!A${'=<?\n"\t\\'.repeat(2_000)}`,
  `a ${'<!--'.repeat(4_000)}`,
  '*_'.repeat(8_000),
  `${'> '.repeat(4_000)}${'['.repeat(8_000)}`,
  '![a]('.repeat(4_000),
];

/** Requests that must be refused: each with the statuses that do so. */
const BROKEN: readonly (readonly [CallOptions, readonly number[]])[] = [
  [{ rawBody: '{"message":"half' }, [400]],
  [{ rawBody: '['.repeat(100_000) }, [400]],
  [{ rawBody: JSON.stringify({ message: 'x'.repeat(HUGE) }) }, [413, 0]],
  [{ json: { message: { toString: 1 }, tags: [[[]]], ttl: 'NaN' } }, [400]],
  [{ json: { message: 'x', deliverAt: '9999-99-99' } }, [400]],
  [{ token: 'eyJhbGciOiJub25lIn0.e30.', json: { message: 'x' } }, [401]],
  [{ token: 'x'.repeat(7_000), json: { message: 'x' } }, [401]],
];

/** A request of the hostile one beside its alerts. */
export interface Attack {
  /** 0: the connection was cut. */
  readonly status: number;
  readonly code: string | undefined;
  readonly tookMs: number;
  readonly expected: readonly number[];
}

/** Hostile markdown and HTML, broken and huge bodies, bad tokens, and 5 `/help` each time. */
export function beHostile(rig: Rig, chat: Provisioned): () => Promise<Attack[]> {
  const attacks: Attack[] = [];
  let running = true;

  async function attack(options: CallOptions, expected: readonly number[]): Promise<void> {
    const began = performance.now();
    const call = { method: 'POST', token: chat.token, ...options };
    const answer: ApiAnswer | undefined = await rig.api.api.call('/api/alert', call).catch(() => undefined);
    attacks.push({
      status: answer?.status ?? 0,
      code: answer?.body?.code,
      tookMs: performance.now() - began,
      expected,
    });
  }
  /** The text begins with the alert's mark. */
  const post = (format: string, text: string) =>
    rig.sender.post(chat, { format }, { pad: ` ${text.slice(0, ALERT_LIMITS.message - 30)}` });

  const loop = (async () => {
    for (let round = 0; running; round += 1) {
      const next = pause(ATTACK_EVERY_MS);
      await post('markdown', MARKDOWN[round % MARKDOWN.length] ?? '');
      if (round % 4 === 0) await post('html', '<b><i>'.repeat(2_600));
      const [options, expected] = BROKEN[round % BROKEN.length] ?? [{}, []];
      await attack(options, expected);
      for (let times = 0; times < 5; times += 1) rig.double.userSends(chat.chatId, '/help');
      await next;
    }
  })();
  return async () => {
    running = false;
    await loop;
    return attacks;
  };
}
