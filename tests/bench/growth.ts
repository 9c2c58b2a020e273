import { openAccepting } from './growth-accept.ts';
import { openDelivering } from './growth-deliver.ts';
import type { Memory } from './memory.ts';
import { openWorkshop, type Workshop } from './processes.ts';
import { inRounds } from './rounds.ts';
import { median, rounded } from './statistics.ts';

/** How large the service is in which something is measured. */
export interface GrowthPoint {
  readonly pending: number;
  readonly integrations: number;
}

/** A running service of one size. */
export interface GrowthSubject {
  readonly point: GrowthPoint;
  /** One round, exact or an InexactError. Returns alerts per second. */
  measure(): Promise<number>;
  memory(): Memory;
}

export interface GrowthRow extends GrowthPoint, Memory {
  readonly path: 'accept' | 'deliver';
  /** What differs between this row and the others of its group; the first of a group is the smallest. */
  readonly grown: keyof GrowthPoint;
  /** Median of the rounds. */
  readonly perSecond: number;
  /** Its speed divided by that of the smallest size in the same round: median, and round by round. */
  readonly speed: number;
  readonly speeds: readonly number[];
}

export interface GrowthOptions {
  readonly pending: readonly number[];
  readonly integrations: readonly number[];
  readonly rounds: number;
  /** Accepts per round and size. */
  readonly requests: number;
  /** Sends per round and size. */
  readonly sends: number;
}

/** Where the pending alerts grow: so many integrations, all of which send. */
const SENDERS = 1_000;
/** Where the integrations grow: so many of them send, or all. */
const MANY_SENDERS = 10_000;
/** Sends in flight. */
const CONCURRENCY = 10;

/** How fast alerts are accepted and delivered with more and more that wait, and more and more integrations. */
export async function benchGrowth(options: GrowthOptions): Promise<GrowthRow[]> {
  const { requests, sends, rounds } = options;
  const pending = options.pending.map((size) => ({ pending: size, integrations: SENDERS }));
  const integrations = options.integrations.map((size) => ({ pending: 0, integrations: size }));
  const accepting = (senders: number) => (shop: Workshop, point: GrowthPoint) =>
    openAccepting(shop, point, { senders, requests });
  const delivering = (senders: number) => (shop: Workshop, point: GrowthPoint) =>
    openDelivering(shop, point, { senders, sends, concurrency: CONCURRENCY });
  return [
    ...(await grow({ path: 'accept', grown: 'pending' }, pending, rounds, accepting(SENDERS))),
    ...(await grow({ path: 'accept', grown: 'integrations' }, integrations, rounds, accepting(MANY_SENDERS))),
    ...(await grow({ path: 'deliver', grown: 'pending' }, pending, rounds, delivering(SENDERS))),
    ...(await grow(
      { path: 'deliver', grown: 'integrations' },
      integrations,
      rounds,
      delivering(MANY_SENDERS),
    )),
  ];
}

/** Starts the services of all sizes, then measures them in turn. */
async function grow(
  what: Pick<GrowthRow, 'path' | 'grown'>,
  points: readonly GrowthPoint[],
  rounds: number,
  open: (shop: Workshop, point: GrowthPoint) => Promise<GrowthSubject>,
): Promise<GrowthRow[]> {
  const shop = openWorkshop();
  try {
    const subjects: GrowthSubject[] = [];
    for (const point of points) subjects.push(await open(shop, point));
    const figures = await inRounds(subjects, rounds, (subject) => subject.measure());
    const smallest = figures[0] ?? [];
    return subjects.map(({ point, memory }, index) => {
      const own = figures[index] ?? [];
      const speeds = own.map((perSecond, round) => perSecond / (smallest[round] ?? Number.NaN));
      return {
        ...what,
        ...point,
        perSecond: Math.round(median(own)),
        speed: rounded(median(speeds), 3),
        speeds: speeds.map((speed) => rounded(speed, 2)),
        ...memory(),
      };
    });
  } finally {
    await shop.close();
  }
}
