import { pause } from '../../../src/async/pause.ts';
import { sends } from '../audit.ts';
import type { Scenario } from '../scenario.ts';
import type { Posted } from '../sender.ts';

/** Nothing is sent after its ttl, whether the worker is away or Telegram is. */
export const expired: Scenario = {
  name: 'expired',
  rounds: 2,
  rig: { chats: 2 },
  async run({ rig, check, expect }) {
    const [one, other] = rig.chats;
    if (one === undefined || other === undefined) throw new Error('not enough chats');
    const expiring: Posted[] = [];
    const postAll = async (): Promise<void> => {
      for (let index = 0; index < 5; index += 1) {
        expiring.push(await rig.sender.post(one, { ttl: 2 }));
        await rig.sender.post(other);
      }
    };
    await rig.worker.stop();
    await postAll();
    await pause(2_500);
    await rig.worker.restart();
    await rig.drain();
    await rig.double.goDown();
    await postAll();
    await pause(2_500);
    await rig.double.comeBack();
    await rig.drain();
    const { counts } = await check('at the end', { idle: true, drained: true });
    expect(
      counts.expired === 10 && counts.delivered === 10,
      `expired ${counts.expired}, delivered ${counts.delivered}`,
    );
    const late = new Set(expiring.map((posted) => posted.mark));
    const sent = sends(rig.double).filter((call) =>
      late.has(/#(\d+)#/.exec(String(call.payload.text))?.[1] ?? ''),
    );
    expect(sent.length === 0, `${sent.length} were sent after their ttl`);
  },
};

/** 50 requests with one Idempotency-Key while Redis dies or freezes: one alert at most, and all are told the same. */
export function repeats(rounds: number): Scenario {
  const atOnce = 50;
  return {
    name: 'repeats',
    rounds,
    rig: { chats: 1 },
    async run({ rig, random, check, expect, figure }) {
      const [chat] = rig.chats;
      if (chat === undefined) throw new Error('no chat');
      const codes = new Map<number, number>();
      for (let round = 1; round <= rounds; round += 1) {
        const mark = rig.sender.newMark();
        const repeat = async (): Promise<Posted> => {
          await pause(random() * 1_500);
          return rig.sender.post(chat, {}, { mark, headers: { 'idempotency-key': `round-${round}` } });
        };
        const posts = Promise.all(Array.from({ length: atOnce }, repeat));
        await pause(random() * 1_000);
        if (round % 2 === 0) {
          rig.redis.freeze();
          await pause(300 + random() * 1_500);
          rig.redis.thaw();
        } else {
          await rig.redis.kill9();
          await pause(random() * 500);
          await rig.redis.restart();
        }
        const answers = await posts;
        for (const { status } of answers) codes.set(status, (codes.get(status) ?? 0) + 1);
        const ids = new Set(answers.flatMap((one) => one.id ?? []));
        expect(ids.size <= 1, `round ${round}: ${ids.size} alerts for one key`);
        // Whatever happened, the key works when Redis is back.
        const headers = { 'idempotency-key': `round-${round}` };
        const last = await rig.sender.postUntilAccepted(chat, { mark, headers });
        expect(
          last.id !== undefined && (ids.size === 0 || ids.has(last.id)),
          `round ${round}: then ${last.status}`,
        );
      }
      figure('answers', [...codes].map(([status, count]) => `${status} × ${count}`).join(', '));
      await rig.drain();
      const { counts, accepted } = await check('at the end', { idle: true, drained: true });
      expect(counts.delivered === accepted, `${counts.delivered} of ${accepted} delivered`);
    },
  };
}

/** A revoked integration's pending alerts end as failed, at once, and nothing of it is sent any more. */
export const revoked: Scenario = {
  name: 'revoked',
  rounds: 1,
  rig: { chats: 2, env: { SEND_DELAY_MS: '50' } },
  async run({ rig, check, expect, figure }) {
    const [gone, stays] = rig.chats;
    if (gone === undefined || stays === undefined) throw new Error('not enough chats');
    for (let index = 0; index < 40; index += 1) {
      await rig.sender.post(gone);
      await rig.sender.post(stays);
    }
    const answer = await rig.api.api.call('/api/revokeIntegration', {
      method: 'POST',
      token: gone.token,
      json: {},
    });
    const at = performance.timeOrigin + performance.now();
    expect(answer.status === 200, `revoke: ${answer.status}`);
    const after = await rig.sender.post(gone);
    expect(after.status === 401, `the token works after its end: ${after.status}`);
    await rig.drain();
    const { counts } = await check('at the end', { idle: true, drained: true });
    const reasons = [...(await rig.ledger.rows()).values()].filter((row) => row.reason === 'revoked').length;
    figure('failed as revoked', reasons);
    expect(reasons > 0 && counts.failed === reasons, `${counts.failed} failed, ${reasons} as revoked`);
    // One may have been on its way.
    const late = sends(rig.double).filter((call) => call.chatId === gone.chatId && call.at > at).length;
    expect(late <= 1, `${late} calls to the revoked chat`);
  },
};
