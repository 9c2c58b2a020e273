import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type Audit, audit } from '../chaos/audit.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { SOUND, startRedisProcess } from '../support/redis-process.ts';
import { BOT_TOKEN, pause } from '../support/service.ts';
import { type Fleet, type Member, type Role, type Sizes, startFleet } from './fleet.ts';
import { type PollReport, watchPollers } from './poll-watch.ts';
import { openPostgresLedger } from './postgres-ledger.ts';
import { createRandom } from './random.ts';
import { type Senders, startSenders } from './senders.ts';

export interface ClusterOptions {
  readonly sizes: Sizes;
  /** How long processes are killed, in seconds. */
  readonly seconds: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

export interface ClusterReport {
  readonly fleet: Fleet['counts'] & { readonly uncleanExits: readonly string[] };
  readonly senders: Senders['counts'] & { readonly longestMs: number };
  readonly audit: Audit;
  /** Reasons of alerts that failed or are uncertain, with their number. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly polls: PollReport;
  readonly drainedMs: number;
  /** Everything that broke a promise. */
  readonly violations: readonly string[];
}

const CHATS = 6;
const FIRST_CHAT = 7_000_001;
const QUOTA = 1_000_000;
/** Each chat's sender begins an alert this often, in ms: 20 alerts a second over all. */
const SEND_EVERY_MS = 300;
const DYING_ROLES: readonly Role[] = ['worker', 'api', 'scheduler'];
/** Long enough that deaths in the middle of a send are no rarity. */
const SEND_TAKES_MS = 80;
const MEAN_HIT_MS = 2_000;
const MOST_DOWN_MS = 1_500;
const KILL_SHARE = 0.6;
const TAKEOVER_LIMIT_MS = 30_000;
/** Above the 60 s after which an alert whose job is gone is called lost. */
const DRAIN_LIMIT_MS = 100_000;

const SETTINGS: Readonly<Record<string, string>> = {
  SEND_DELAY_MS: '20',
  WORKER_CONCURRENCY: '2',
  CHAT_DELAY_MS: '0',
  GROUP_LIMIT_PER_MINUTE: '0',
  MAX_ALERTS: String(QUOTA),
  RATE_LIMIT_PER_MINUTE: '0',
  TELEGRAM_TIMEOUT_MS: '3000',
};

/**
 * Runs the built service as many processes on one Redis and one PostgreSQL, ends them at random under load, restarts
 * them one after the other at the end, and holds senders, ledger and Telegram's double against each other.
 */
export async function runCluster(options: ClusterOptions): Promise<ClusterReport> {
  const began = performance.now();
  const say = (line: string) =>
    options.say?.(`${((performance.now() - began) / 1_000).toFixed(1)} s: ${line}`);
  const random = createRandom(options.seed);
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const double = createBotApiDouble({ token: BOT_TOKEN, dropOldMessages: 1_000_000 });
    await double.start();
    closers.push(double.stop);
    double.fault({ method: 'sendMessage', times: 'always', delayMs: SEND_TAKES_MS });
    const postgres = await startTestPostgres();
    if (postgres === undefined) throw new Error('PostgreSQL is not installed');
    closers.push(postgres.stop);
    const redis = await startRedisProcess({ settings: SOUND });
    closers.push(redis.stop);
    const databaseUrl = await postgres.createDatabase();
    const env = { ...SETTINGS, REDIS_URL: `redis://127.0.0.1:${redis.port}`, DATABASE_URL: databaseUrl };
    const fleet = await startFleet(options.sizes, env, double);
    closers.push(fleet.close);
    say(`${fleet.members.length} processes are up`);
    const api = fleet.members.find(({ role }) => role === 'api');
    if (api === undefined) throw new Error('no api process');
    const chats: Provisioned[] = [];
    for (let n = 0; n < CHATS; n++)
      chats.push(await provisionIntegration(double, api.service, FIRST_CHAT + n));
    const ledger = await openPostgresLedger(databaseUrl);
    closers.push(ledger.close);

    const askerChat = FIRST_CHAT + CHATS;
    double.addChat({ id: askerChat, type: 'private', first_name: 'Asker' });
    const watch = watchPollers(fleet, double, askerChat);
    const senders = startSenders(fleet, chats, SEND_EVERY_MS, createRandom(options.seed + 1));
    const strike = (member: Member, signal: 'SIGKILL' | 'SIGTERM', downMs: number) => {
      if (member.role === 'bot' && member.up) watch.ends(member);
      return fleet.hit(member, signal, downMs);
    };

    const hits: Promise<void>[] = [];
    const any = (list: readonly Member[]) => list[Math.floor(random() * list.length)];
    const up = (role?: Role) =>
      fleet.members.filter((one) => one.up && (role === undefined || one.role === role));
    // Each role dies once for certain, beginning with the poller; then chance decides.
    const first = [() => watch.poller(), ...DYING_ROLES.map((role) => () => any(up(role)))];
    const endsAt = performance.now() + options.seconds * 1_000;
    while (performance.now() < endsAt || first.length > 0) {
      await pause(MEAN_HIT_MS * (0.5 + random()));
      const chosen = first.shift();
      // The first takeover is watched undisturbed; later the one that stands by may die as well.
      const mortal = up().filter(({ role }) => role !== 'bot' || watch.takeovers() > 0);
      const victim = chosen === undefined ? any(mortal) : chosen();
      const signal = chosen !== undefined || random() < KILL_SHARE ? 'SIGKILL' : 'SIGTERM';
      if (victim !== undefined) hits.push(strike(victim, signal, random() * MOST_DOWN_MS));
    }
    await Promise.all(hits);
    say('the last one was killed; rolling restart');
    for (const member of [...fleet.members].sort(() => random() - 0.5)) await strike(member, 'SIGTERM', 0);
    await senders.stop();

    say('draining');
    const drainBegan = performance.now();
    const isOpen = ({ status }: { status: string }) => status === 'queued' || status === 'sending';
    while (performance.now() - drainBegan < DRAIN_LIMIT_MS) {
      if (![...(await ledger.rows()).values()].some(isOpen)) break;
      await pause(100);
    }
    const drainedMs = Math.round(performance.now() - drainBegan);
    const polls = await watch.stop();
    const balance = await audit({ posted: senders.posted, ledger, double }, { idle: true, drained: true });
    const rows = [...(await ledger.rows()).values()];
    const reasons: Record<string, number> = {};
    for (const { status, reason } of rows) {
      if (status !== 'delivered')
        reasons[`${status}: ${reason}`] = (reasons[`${status}: ${reason}`] ?? 0) + 1;
    }

    const violations = [...balance.violations];
    const promise = (holds: boolean, otherwise: string) => {
      if (!holds) violations.push(otherwise);
    };
    const refused = senders.posted.filter(({ id }) => id === undefined);
    promise(
      refused.length === 0,
      `refused for good: ${refused.map(({ status, code }) => `${status} ${code}`)}`,
    );
    const left = await ledger.quotasLeft();
    for (const { chatId, integration } of chats) {
      const used = senders.posted.filter((one) => one.chatId === chatId).length;
      promise(
        left.get(integration.id) === QUOTA - used,
        `quota of ${integration.id}: ${left.get(integration.id)} left, ${used} used`,
      );
    }
    // Nothing but a death between mark and outcome may cost an alert its certainty; nothing may cost it its life.
    for (const [reason, count] of Object.entries(reasons)) {
      promise(reason === 'uncertain: worker_died', `${reason}: ${count}`);
    }
    promise(polls.mostAtOnce <= 1, `${polls.mostAtOnce} pollers at once`);
    promise(polls.conflicts === 0, `${polls.conflicts} polls ended with 409`);
    promise(polls.longestTakeoverMs <= TAKEOVER_LIMIT_MS, `takeover after ${polls.longestTakeoverMs} ms`);
    promise(
      polls.answered >= polls.asked,
      `the bot was asked ${polls.asked} times, and answered ${polls.answered}`,
    );
    promise(fleet.uncleanExits.length === 0, `unclean exits: ${fleet.uncleanExits}`);
    return {
      fleet: { ...fleet.counts, uncleanExits: fleet.uncleanExits },
      senders: {
        ...senders.counts,
        longestMs: Math.round(Math.max(...senders.posted.map(({ tookMs }) => tookMs))),
      },
      audit: balance,
      reasons,
      polls,
      drainedMs,
      violations,
    };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}
