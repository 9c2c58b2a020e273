import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { serviceEnvironment, UNLIMITED } from './environment.ts';
import { mustEqual, readLedger } from './exactness.ts';
import { makeIntegrations } from './integrations.ts';
import { type BodyKind, type Load, postAccepted } from './load.ts';
import { type Memory, readMemory } from './memory.ts';
import { openPending } from './pending.ts';
import { findPort, openWorkshop, SECRET, type Workshop } from './processes.ts';
import { inRounds } from './rounds.ts';
import { median, rounded } from './statistics.ts';

/** `POST /api/alert` (or an adapter's call) complete beside the bare route; times in ms, medians over the rounds. */
export interface AcceptRow extends Memory {
  readonly body: BodyKind;
  readonly connections: number;
  /** Integrations that send. */
  readonly senders: number;
  readonly perSecond: number;
  readonly yardstickPerSecond: number;
  /** Ours divided by the yardstick's in the same round. */
  readonly ratio: number;
  readonly ratios: readonly number[];
  /** Divided by what JSON gave in the same rounds; of other bodies. */
  readonly ofJson?: number;
  readonly p50: number;
  readonly p99: number;
  readonly yardstickP50: number;
  readonly yardstickP99: number;
}

const CONNECTIONS = 50;
/** For the first round of each, which measures the compiler. */
const WARM_UP = 5_000;
/** Requests of one connection for each second that a round is to take: both sides answer about this many. */
const SINGLE_PER_SECOND = 400;

interface Subject {
  readonly connections: number;
  readonly senders: number | 'yardstick';
  readonly requests: number;
  readonly kind?: BodyKind;
}

/**
 * Three loads of JSON, each on ours and on the bare route, alternating: 50 connections that share one integration, 50 with one
 * each, and a single one. In the rounds of the second, 50 also post plain text, and groups of Alertmanager's (each opens an
 * incident). A round sends as many requests as fit in about `seconds`. At the end the accepted answers,
 * the ledger's queued entries, the pending jobs and the units taken must be one number.
 */
export async function benchAccept(options: { rounds: number; seconds: number }): Promise<AcceptRow[]> {
  const shop = openWorkshop();
  try {
    const { post, check, memory } = await openPair(shop);
    const many = { connections: CONNECTIONS };
    const single = { connections: 1, requests: Math.round(SINGLE_PER_SECOND * options.seconds) };

    /** How many requests fit in a round; the second time is the one that counts. */
    async function sizeRound(senders: Subject['senders']): Promise<number> {
      await post({ ...many, senders, requests: WARM_UP });
      const { perSecond } = await post({ ...many, senders, requests: WARM_UP });
      return Math.max(CONNECTIONS, Math.round(perSecond * options.seconds));
    }

    const requests = await sizeRound(CONNECTIONS);
    const others = ['text', 'alertmanager'] as const;
    const [shared, bare, own, ...ofOthers] = await inRounds(
      [
        { ...many, senders: 1, requests },
        { ...many, senders: 'yardstick', requests: await sizeRound('yardstick') },
        { ...many, senders: CONNECTIONS, requests },
        ...others.map((kind) => ({ ...many, senders: CONNECTIONS, requests, kind })),
      ],
      options.rounds,
      post,
    );
    const [one, bareOne] = await inRounds(
      [
        { ...single, senders: 1 },
        { ...single, senders: 'yardstick' },
      ],
      options.rounds,
      post,
    );
    await check();
    return [
      { body: 'json', connections: CONNECTIONS, senders: 1, ...compare(shared, bare), ...memory() },
      { body: 'json', connections: CONNECTIONS, senders: CONNECTIONS, ...compare(own, bare), ...memory() },
      { body: 'json', connections: 1, senders: 1, ...compare(one, bareOne), ...memory() },
      ...others.map((body, index) => ({
        ...{ body, connections: CONNECTIONS, senders: CONNECTIONS, ofJson: ratioOf(ofOthers[index], own) },
        ...{ ...compare(ofOthers[index], bare), ...memory() },
      })),
    ];
  } finally {
    await shop.close();
  }
}

/** Our service and the bare route, on one Redis. */
async function openPair(shop: Workshop) {
  const redis = await shop.startRedis();
  const database = `sqlite:${join(shop.dir, 'bench.db')}`;
  const chats = Array.from({ length: CONNECTIONS }, (_, index) => 42 + index);
  const { senders: made, db } = await makeIntegrations(database, chats);
  shop.beforeClose(db.close);
  const pending = openPending({ redisUrl: redis, db, senders: made });
  shop.beforeClose(pending.close);
  const env = serviceEnvironment({ redis, database, dir: shop.dir, roles: 'api' }, UNLIMITED);
  const service = await shop.start('service', ['dist/src/main.js'], env, findPort);
  const bare = await shop.start(
    'yardstick',
    ['--import', 'tsx', 'tests/bench/yardstick.ts'],
    { REDIS_URL: redis, BENCH_SECRET: SECRET },
    (line) => (JSON.parse(line) as { port: number }).port,
  );
  const tokens = made.map((sender) => sender.token);
  const bareToken = jwt.sign({}, SECRET);
  let accepted = 0;

  return {
    memory: () => readMemory(service.pid),

    async post({ senders, ...amount }: Subject): Promise<Load> {
      if (senders === 'yardstick') {
        return postAccepted(`http://127.0.0.1:${bare.found}`, [bareToken], amount);
      }
      const load = await postAccepted(`http://127.0.0.1:${service.found}`, tokens.slice(0, senders), amount);
      accepted += amount.requests;
      return load;
    },

    async check(): Promise<void> {
      const { queued, units } = await readLedger(db);
      mustEqual('accept', { answered202: accepted, queued, pending: await pending.count(), units });
    },
  };
}

/** Round by round. */
function ratiosOf(ours: readonly Load[] = [], others: readonly Load[] = []): number[] {
  return ours.map((load, round) => load.perSecond / (others[round]?.perSecond ?? Number.NaN));
}

function ratioOf(...loads: Parameters<typeof ratiosOf>): number {
  return rounded(median(ratiosOf(...loads)), 3);
}

function compare(ours: readonly Load[] = [], yardstick: readonly Load[] = []) {
  const middle = (loads: readonly Load[], of: (load: Load) => number) => rounded(median(loads.map(of)), 1);
  const ratios = ratiosOf(ours, yardstick);
  return {
    perSecond: Math.round(middle(ours, (load) => load.perSecond)),
    yardstickPerSecond: Math.round(middle(yardstick, (load) => load.perSecond)),
    ratio: rounded(median(ratios), 3),
    ratios: ratios.map((ratio) => rounded(ratio, 2)),
    p50: middle(ours, (load) => load.p50),
    p99: middle(ours, (load) => load.p99),
    yardstickP50: middle(yardstick, (load) => load.p50),
    yardstickP99: middle(yardstick, (load) => load.p99),
  };
}
