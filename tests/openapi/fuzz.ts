import { parseArgs } from 'node:util';
import { fuzz } from '../support/fuzz/fuzz.ts';
import { allTargets } from '../support/fuzz/targets.ts';
import { createWorld } from '../support/fuzz/world.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { startTestRedis } from '../support/redis.ts';
import { openMigrated } from '../support/sqlite.ts';

// npm run fuzz -- [--each 10000] [--seed 1] [--only <part of a target's name>] [--postgres]: generated requests at every
// operation of the API's document, over real HTTP, with a real database and a real Redis. Fails on a 5xx, a redirect, an
// answer that the document does not know, an operation that never succeeds, and on memory that grows.
const { values } = parseArgs({
  options: {
    ...{ each: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
    postgres: { type: 'boolean' },
  },
});
const each = Number(values.each ?? 10_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
/** Requests of one target before the next one's turn. */
const ROUND = 250;
/** Megabytes that the heap may be larger after the second half of the rounds. */
const MOST_GROWTH = 20;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Memory {
  /** Megabytes. */
  readonly heap: number;
  readonly rss: number;
}
function memory(): Memory {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: Math.round(heapUsed / 1e6), rss: Math.round(rss / 1e6) };
}

const redis = await startTestRedis();
const postgres = values.postgres ? await startTestPostgres() : undefined;
const database = await postgres?.createDatabase();
if (database !== undefined) await (await openMigrated(database)).close();
const world = await createWorld(redis, database);
const targets = allTargets().filter(({ name }) => name.includes(values.only ?? ''));
const rounds = Math.max(1, Math.round(each / ROUND));
const faults: string[] = [];
const memories: Memory[] = [];
const statuses = new Map<string, Map<number, number>>(targets.map(({ name }) => [name, new Map()]));
let sent = 0;
const began = performance.now();

for (let round = 0; round < rounds; round += 1) {
  await world.reset();
  for (const target of targets) {
    await world.nextSender();
    const count = Math.min(ROUND, each);
    const result = await fuzz(world, target, count, seed + round);
    faults.push(...result.faults);
    sent += count;
    const known = statuses.get(target.name);
    for (const [status, answers] of result.statuses) known?.set(status, (known.get(status) ?? 0) + answers);
  }
  memories.push(memory());
  const seconds = Math.round((performance.now() - began) / 1000);
  say(
    `round ${round + 1} of ${rounds}: ${sent} requests, ${faults.length} faults, ${seconds} s, ${figures(memories.at(-1))}`,
  );
}
await world.stop();
await redis.stop();
await postgres?.stop();

/** Without one the operation itself was never reached. */
const neverDone = [...statuses].filter(([, known]) => ![...known.keys()].some((status) => status < 300));
const heapAt = (part: number): number => memories[Math.floor((memories.length - 1) * part)]?.heap ?? 0;
const growth = heapAt(1) - heapAt(0.5);

for (const [name, known] of statuses)
  say(
    `${name}: ${[...known]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status} ×${count}`)
      .join(', ')}`,
  );
for (const [name] of neverDone) say(`never succeeded: ${name}`);
const perFault = new Map(faults.map((fault) => [kindOf(fault), fault]));
for (const fault of [...perFault.values()].slice(0, 30)) say(fault);
say(
  `${targets.length} operations, ${sent} requests, seed ${seed}, ${database === undefined ? 'SQLite' : 'PostgreSQL'}: ${faults.length} faults`,
);
say(
  `memory after the first, middle and last round: ${[0, 0.5, 1].map((part) => figures(memories[Math.floor((memories.length - 1) * part)])).join('; ')}`,
);
process.exitCode = faults.length > 0 || neverDone.length > 0 || growth > MOST_GROWTH ? 1 : 0;

function figures(of: Memory | undefined): string {
  return `heap ${of?.heap} MB, resident ${of?.rss} MB`;
}

/** Faults that differ in nothing but what was sent are shown once. */
function kindOf(fault: string): string {
  return (fault.split('\n', 1)[0] ?? '')
    .replace(/seed \d+/, '')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '')
    .slice(0, 140);
}
