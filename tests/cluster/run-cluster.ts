import { pause } from '../../src/async/pause.ts';
import { type BotApiDouble, createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type Audit, audit } from '../chaos/audit.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { createRandom } from '../support/random.ts';
import { startTestRedis } from '../support/redis.ts';
import { BOT_TOKEN } from '../support/service.ts';
import { type Fleet, type Member, type Role, type Sizes, startFleet } from './fleet.ts';
import { type PollReport, type PollWatch, watchPollers } from './poll-watch.ts';
import { openPostgresLedger, type PostgresLedger } from './postgres-ledger.ts';
import { type Senders, startSenders } from './senders.ts';

export interface ClusterOptions {
  readonly sizes: Sizes;
  /** How long processes are killed, in seconds. */
  readonly seconds: number;
  readonly seed: number;
  /** Each chat's sender begins an alert this often, in ms. Default: 300, that is 20 alerts a second over all. */
  readonly sendEveryMs?: number;
  /**
   * Which processes are restarted one after the other at the end. Default: all. 'one of several': one of each role that has another
   * to stand in for it.
   */
  readonly rolling?: 'one of several';
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
/** Here somebody asks the bot something all the time. */
const ASKER_CHAT = 7_100_000;
const QUOTA = 1_000_000;
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
    const world = await open(options.sizes, closers);
    const { fleet, double, chats, ledger } = world;
    say(`${fleet.members.length} processes are up`);
    const watch = watchPollers(fleet, double, ASKER_CHAT);
    const senders = startSenders(
      fleet,
      chats,
      options.sendEveryMs ?? SEND_EVERY_MS,
      createRandom(options.seed + 1),
    );
    const strike: Strike = (member, signal, downMs) => {
      if (member.role === 'bot' && member.up) watch.ends(member);
      return fleet.hit(member, signal, downMs);
    };
    await killAtRandom({ fleet, watch, strike, random, seconds: options.seconds });
    say('the last one was killed; rolling restart');
    const order = [...fleet.members].sort(() => random() - 0.5);
    const isFirstOfSeveral = ({ role }: Member, at: number) =>
      options.sizes[role] > 1 && order.findIndex((one) => one.role === role) === at;
    for (const member of options.rolling === 'one of several' ? order.filter(isFirstOfSeveral) : order)
      await strike(member, 'SIGTERM', 0);
    await senders.stop();
    say('draining');
    const drainedMs = await drain(ledger);
    return await balance({ ...world, watch, senders, drainedMs });
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

interface World {
  readonly double: BotApiDouble;
  readonly fleet: Fleet;
  readonly ledger: PostgresLedger;
  readonly chats: readonly Provisioned[];
}

type Strike = (member: Member, signal: 'SIGKILL' | 'SIGTERM', downMs: number) => Promise<void>;

/** Starts everything; what must be ended is added to `closers`, also when a later start fails. */
async function open(sizes: Sizes, closers: (() => Promise<unknown>)[]): Promise<World> {
  const double = createBotApiDouble({ token: BOT_TOKEN, dropOldMessages: 1_000_000 });
  await double.start();
  closers.push(double.stop);
  double.fault({ method: 'sendMessage', times: 'always', delayMs: SEND_TAKES_MS });
  const postgres = await startTestPostgres();
  if (postgres === undefined) throw new Error('PostgreSQL is not installed');
  closers.push(postgres.stop);
  const redis = await startTestRedis();
  closers.push(redis.stop);
  const databaseUrl = await postgres.createDatabase();
  const env = { ...SETTINGS, REDIS_URL: redis.url, DATABASE_URL: databaseUrl };
  const fleet = await startFleet(sizes, env, double);
  closers.push(fleet.close);
  const api = fleet.members.find(({ role }) => role === 'api');
  if (api === undefined) throw new Error('no api process');
  const chats: Provisioned[] = [];
  for (let n = 0; n < CHATS; n++) chats.push(await provisionIntegration(double, api.service, FIRST_CHAT + n));
  const ledger = await openPostgresLedger(databaseUrl);
  closers.push(ledger.close);
  return { double, fleet, ledger, chats };
}

async function killAtRandom(parts: {
  fleet: Fleet;
  watch: PollWatch;
  strike: Strike;
  random: () => number;
  seconds: number;
}): Promise<void> {
  const { fleet, watch, random } = parts;
  const any = (list: readonly Member[]) => list[Math.floor(random() * list.length)];
  const up = () => fleet.members.filter((one) => one.up);
  // Each role dies once for certain, beginning with the poller; then chance decides.
  const first = [
    () => watch.poller(),
    ...DYING_ROLES.map((role) => () => any(up().filter((one) => one.role === role))),
  ];
  const hits: Promise<void>[] = [];
  const endsAt = performance.now() + parts.seconds * 1_000;
  while (performance.now() < endsAt || first.length > 0) {
    await pause(MEAN_HIT_MS * (0.5 + random()));
    const chosen = first.shift();
    // The first takeover is watched undisturbed; later the one that stands by may die as well.
    const mortal = up().filter(({ role }) => role !== 'bot' || watch.takeovers() > 0);
    const victim = chosen === undefined ? any(mortal) : chosen();
    const signal = chosen !== undefined || random() < KILL_SHARE ? 'SIGKILL' : 'SIGTERM';
    if (victim !== undefined) hits.push(parts.strike(victim, signal, random() * MOST_DOWN_MS));
  }
  await Promise.all(hits);
}

/** Waits until nothing is on its way, or the limit has passed. Returns the ms that it took. */
async function drain(ledger: PostgresLedger): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < DRAIN_LIMIT_MS) {
    const rows = [...(await ledger.rows()).values()];
    if (!rows.some(({ status }) => status === 'queued' || status === 'sending')) break;
    await pause(250);
  }
  return Math.round(performance.now() - began);
}

async function balance(
  parts: World & { watch: PollWatch; senders: Senders; drainedMs: number },
): Promise<ClusterReport> {
  const { double, fleet, ledger, senders } = parts;
  const polls = await parts.watch.stop();
  const result = await audit({ posted: senders.posted, ledger, double }, { idle: true, drained: true });
  const reasons: Record<string, number> = {};
  for (const { status, reason } of (await ledger.rows()).values()) {
    if (status !== 'delivered') reasons[`${status}: ${reason}`] = (reasons[`${status}: ${reason}`] ?? 0) + 1;
  }
  const violations = [...result.violations, ...(await checkQuotas(parts))];
  const promise = (holds: boolean, otherwise: string) => {
    if (!holds) violations.push(otherwise);
  };
  const refused = senders.posted.filter(({ id }) => id === undefined);
  promise(
    refused.length === 0,
    `refused for good: ${refused.map(({ status, code }) => `${status} ${code}`)}`,
  );
  // Nothing but a death between mark and outcome may cost an alert its certainty; nothing may cost it its life.
  for (const [reason, count] of Object.entries(reasons))
    promise(reason === 'uncertain: worker_died', `${reason}: ${count}`);
  promise(polls.mostAtOnce <= 1, `${polls.mostAtOnce} pollers at once`);
  promise(polls.conflicts === 0, `${polls.conflicts} polls ended with 409`);
  promise(polls.longestTakeoverMs <= TAKEOVER_LIMIT_MS, `takeover after ${polls.longestTakeoverMs} ms`);
  promise(polls.answered >= polls.asked, `of ${polls.asked} bot commands ${polls.answered} were answered`);
  promise(fleet.uncleanExits.length === 0, `unclean exits: ${fleet.uncleanExits}`);
  const longestMs = Math.round(Math.max(...senders.posted.map(({ tookMs }) => tookMs)));
  return {
    fleet: { ...fleet.counts, uncleanExits: fleet.uncleanExits },
    senders: { ...senders.counts, longestMs },
    audit: result,
    reasons,
    polls,
    drainedMs: parts.drainedMs,
    violations,
  };
}

/** Each accepted alert took exactly one unit, repeats and refusals none. */
async function checkQuotas(parts: World & { senders: Senders }): Promise<string[]> {
  const left = await parts.ledger.quotasLeft();
  return parts.chats.flatMap(({ chatId, integration }) => {
    const used = parts.senders.posted.filter((one) => one.chatId === chatId).length;
    const has = left.get(integration.id);
    return has === QUOTA - used ? [] : [`quota of ${integration.id}: ${has} left after ${used}`];
  });
}
