import { loadavg } from 'node:os';
import { pause } from '../../../src/async/pause.ts';
import { tooManyRequestsAnswer } from '../../../src/sandbox/bot-api-double.ts';
import { sends } from '../audit.ts';
import type { LedgerRow } from '../ledger-reader.ts';
import type { Rig } from '../rig.ts';
import type { Context, Scenario } from '../scenario.ts';
import { markIn, type Posted } from '../sender.ts';
import { isLostInTime, judgeAlerts, type TimeLimits } from '../soak/alerts-verdict.ts';
import { judgeHealth, type Verdict, watchReadiness } from '../soak/health-log.ts';
import { type Attack, beGreedy, beHostile } from '../soak/senders.ts';
import { ALL_TROUBLES, makeTroubles, now, type Trouble } from '../soak/troubles.ts';

/** How much of it. */
interface SoakSize {
  readonly chats: number;
  /** Between two alerts of a well-behaved chat, in ms. */
  readonly everyMs: number;
  readonly troubles: typeof ALL_TROUBLES;
}

/** 37 chats send 4.6 alerts a second; the pace allows for 10. */
const WHOLE: SoakSize = { chats: 40, everyMs: 8_000, troubles: ALL_TROUBLES };
const SEND_DELAY_MS = 100;
const THROTTLED_S = 3_600;
const THROTTLED_EVERY_MS = 2_000;
const CALL_MS = 5_000;
/** A POST is answered within this time, in ms: 1.5 s, and 1 s where its entry has to be withdrawn (queue-entry.ts). */
const ANSWER_MS = 2_500;
/** What a busy machine adds to it, in ms: the client reads its clock when its own turn comes, not when the answer does. */
const READING_MS = 500;
/** In flight when Telegram vanished or came back, and the three that stop the worker. */
const UNCERTAIN_PER_ABSENCE = 5;
/** A 429 at first and, since Redis forgot it, after the FLUSHALL. */
const CALLS_TO_THROTTLED = 2;
const LIMITS: TimeLimits = {
  calm: 10_000,
  // After 30 s away a probe comes within 10 s (6 s more if it hangs), and then 40 s of alerts at twice their pace.
  recovery: { locked: 15_000, flushed: 15_000, refused: 75_000, silent: 75_000 },
  lost: 70_000,
  call: CALL_MS,
};
const SETTLE_LIMIT_MS = 120_000;

/** Everything at once, for long: what all chats but three send ends true and in time, and health tells. */
export function soak(minutes: number, { chats, everyMs, troubles: plan } = WHOLE): Scenario {
  return {
    name: 'soak',
    rounds: plan.length,
    rig: {
      chats,
      env: {
        SEND_DELAY_MS: String(SEND_DELAY_MS),
        TELEGRAM_TIMEOUT_MS: String(CALL_MS),
        MAX_QUEUE_SIZE: '500',
        MAX_PENDING_PER_CHAT: '50',
      },
    },
    async run(context) {
      const { rig, check, figure } = context;
      const [greedy, hostile, throttled, ...good] = rig.chats;
      if (greedy === undefined || hostile === undefined || throttled === undefined)
        throw new Error('not enough chats');
      rig.double.fault({
        chatId: throttled.chatId,
        times: 'always',
        action: tooManyRequestsAnswer(THROTTLED_S),
      });
      const endWatch = watchReadiness({ api: rig.api, worker: rig.worker });
      const endGood = rig.sender.load(good, everyMs);
      const endThrottled = rig.sender.load([throttled], THROTTLED_EVERY_MS);
      const endGreedy = beGreedy(rig, greedy);
      const endHostile = beHostile(rig, hostile);
      const troubles = await makeTroubles(rig, minutes * 60_000, plan);
      const [scheduled, attacks] = await Promise.all([endGreedy(), endHostile(), endGood(), endThrottled()]);
      figure('load of the machine', loadavg()[0]?.toFixed(1) ?? '');

      const stays = new Set(scheduled.map(({ id }) => id));
      await settle(rig, (row) => row.integrationId !== throttled.integration.id && !stays.has(row.id));
      await check('at the end', { idle: true, unordered: new Set(scheduled.map(({ mark }) => mark)) });
      const rows = await rig.ledger.rows();
      const ids = new Set(good.map(({ chatId }) => chatId));
      const fromGood = rig.sender.posted.filter(({ chatId }) => ids.has(chatId));
      add(context, judgeAlerts(fromGood, rows, arrivalsIn(rig), troubles, LIMITS));
      judgeUncertain(context, rows, troubles);
      judgeOthers(context, rows, { greedy: greedy.chatId, hostile: hostile.chatId, scheduled, troubles });
      judgeThrottled(context, rows, throttled.chatId, troubles);
      judgeAnswers(context, attacks);
      const samples = await endWatch();
      add(
        context,
        judgeHealth(samples, troubles, (process, { kind }) => process === 'api' || kind !== 'locked'),
      );
    },
  };
}

function add({ expect, figure }: Context, { violations, figures }: Verdict): void {
  for (const violation of violations) expect(false, violation);
  for (const [name, value] of Object.entries(figures)) figure(name, value);
}

/** Waits until everything has ended that can; what has not by then is found later. */
async function settle(rig: Rig, canEnd: (row: LedgerRow) => boolean): Promise<void> {
  const deadline = now() + SETTLE_LIMIT_MS;
  const isOpen = (row: LedgerRow) => row.status === 'queued' || row.status === 'sending';
  while ([...(await rig.ledger.rows()).values()].some((row) => isOpen(row) && canEnd(row))) {
    if (now() > deadline) return;
    await pause(500);
  }
}

function arrivalsIn(rig: Rig): Map<string, number> {
  const answered = sends(rig.double).filter(({ status }) => status === 200);
  return new Map(
    answered.map(({ payload, at }) => [markIn(payload.text) ?? markIn(payload.caption) ?? '', at]),
  );
}

/** An absence of Telegram makes few alerts uncertain, whoever sent them. */
function judgeUncertain(
  { expect, figure }: Context,
  rows: ReadonlyMap<string, LedgerRow>,
  troubles: readonly Trouble[],
): void {
  const uncertain = [...rows.values()].filter(({ status }) => status === 'uncertain');
  const absences = troubles.filter(({ kind }) => kind === 'refused' || kind === 'silent').length;
  figure('uncertain', uncertain.length);
  expect(
    uncertain.length <= absences * UNCERTAIN_PER_ABSENCE,
    `${uncertain.length} uncertain in ${absences} absences of Telegram`,
  );
}

/** What the greedy and the hostile one were told is true, too, though not in time. */
function judgeOthers(
  { rig, expect, figure }: Context,
  rows: ReadonlyMap<string, LedgerRow>,
  of: {
    greedy: number;
    hostile: number;
    scheduled: readonly Posted[];
    troubles: readonly Trouble[];
  },
): void {
  const rowOf = ({ id }: Posted) => rows.get(id ?? '');
  const forLater = new Set(of.scheduled);
  const posted = rig.sender.posted.filter(({ chatId }) => chatId === of.greedy || chatId === of.hostile);
  const open = posted.filter(
    (one) => !forLater.has(one) && ['queued', 'sending'].includes(rowOf(one)?.status ?? ''),
  );
  expect(open.length === 0, `greedy and hostile: ${open.length} did not end`);
  const ended = of.scheduled.filter((one) => one.id !== undefined && rowOf(one)?.status !== 'queued');
  const falsely = ended.filter((one) => {
    const row = rowOf(one);
    return row?.reason !== 'lost' || !isLostInTime(one, row, of.troubles, LIMITS);
  });
  expect(falsely.length === 0, `${falsely.length} alerts for next week ended without reason, or late`);
  const flushedAt = of.troubles.find(({ kind }) => kind === 'flushed')?.from;
  if (flushedAt !== undefined) judgeFlush({ expect, figure }, rows, of.scheduled, flushedAt);
  for (const name of ['greedy', 'hostile'] as const)
    figure(
      `${name} was told`,
      tally(posted.filter(({ chatId }) => chatId === of[name]).map((one) => one.code ?? `${one.status}`)),
    );
}

/** What was for next week is called lost, and so is all else that Redis held. */
function judgeFlush(
  { expect, figure }: Pick<Context, 'expect' | 'figure'>,
  rows: ReadonlyMap<string, LedgerRow>,
  scheduled: readonly Posted[],
  flushedAt: number,
): void {
  const kept = scheduled.filter((one) => one.at < flushedAt && rows.get(one.id ?? '')?.status === 'queued');
  expect(kept.length === 0, `${kept.length} alerts for next week are called queued, but Redis lost them`);
  const lost = [...rows.values()].filter(({ reason }) => reason === 'lost');
  // Otherwise it emptied nothing, and all this shows nothing.
  expect(lost.length > 0, 'the FLUSHALL lost nothing');
  const slowest = Math.max(0, ...lost.map(({ endedAt }) => (endedAt ?? 0) - flushedAt));
  figure('lost in the FLUSHALL', `${lost.length}, known within ${Math.round(slowest / 1_000)} s`);
}

/** It is asked once, and left alone for its hour. */
function judgeThrottled(
  { rig, expect, figure }: Context,
  rows: ReadonlyMap<string, LedgerRow>,
  chatId: number,
  troubles: readonly Trouble[],
): void {
  const calls = sends(rig.double).filter((call) => call.chatId === chatId);
  figure('calls to the throttled chat', calls.length);
  expect(calls.length >= 1 && calls.length <= CALLS_TO_THROTTLED, `${calls.length} calls to it`);
  const own = rig.sender.posted.filter((one) => one.chatId === chatId && one.id !== undefined);
  const wrong = own.filter((one) => {
    const row = rows.get(one.id ?? '');
    if (row?.status === 'queued') return false;
    return row?.reason !== 'lost' || !isLostInTime(one, row, troubles, LIMITS);
  });
  expect(wrong.length === 0, `${wrong.length} alerts of the throttled chat are neither queued nor lost`);
}

/** Everybody's requests are answered in time, and clearly. */
function judgeAnswers({ rig, expect, figure }: Context, attacks: readonly Attack[]): void {
  const { posted } = rig.sender;
  const slow = [...posted, ...attacks].filter(({ tookMs }) => tookMs > ANSWER_MS + READING_MS);
  const some = slow.slice(0, 5).map((one) => `${one.status} ${one.code} ${Math.round(one.tookMs)} ms`);
  expect(slow.length === 0, `${slow.length} POSTs took more than ${ANSWER_MS} ms (${some.join(', ')})`);
  figure('slowest answer ms', Math.round(Math.max(...[...posted, ...attacks].map(({ tookMs }) => tookMs))));
  const vague = posted.filter(
    ({ status, code }) => status !== 202 && !(status === 503 && code !== undefined),
  );
  expect(
    vague.length === 0,
    `answers that are neither 202 nor a clear 503: ${tally(vague.map((one) => `${one.status} ${one.code}`))}`,
  );
  const wrong = attacks.filter(
    ({ status, code, expected }) => !expected.includes(status) && !(status === 503 && code !== undefined),
  );
  expect(wrong.length === 0, `attacks: ${tally(wrong.map((one) => `${one.status} ${one.code}`))}`);
  figure('attacks were told', tally(attacks.map(({ status, code }) => code ?? `${status}`)));
}

function tally(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => `${value} × ${count}`).join(', ');
}
