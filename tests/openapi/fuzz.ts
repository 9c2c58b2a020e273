import { parseArgs } from 'node:util';
import { startApi } from '../support/api-fixture.ts';
import { fuzz, fuzzTargets } from '../support/fuzz.ts';

// npm run fuzz -- [--each 10000] [--seed 1]: generated requests at every adapter and call, over real HTTP. Fails on a 5xx, a
// redirect, an answer that the API's document does not know, and on memory that grows.
const { values } = parseArgs({ options: { each: { type: 'string' }, seed: { type: 'string' } } });
const each = Number(values.each ?? 10_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
/** At once: all of them are made before the first is sent. */
const ROUND = 500;
/** Megabytes that the heap may be larger after the second half of the rounds. */
const MOST_GROWTH = 20;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const heap = (): number => {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1e6);
};

const fixture = await startApi();
const targets = await fuzzTargets(fixture);
const rounds = Math.ceil(each / ROUND);
const faults: string[] = [];
const heaps: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  for (const target of targets)
    faults.push(...(await fuzz(fixture, target, Math.min(ROUND, each), seed + round)));
  heaps.push(heap());
}
await fixture.stop();
const half = heaps[Math.floor(heaps.length / 2)] ?? 0;
const growth = (heaps.at(-1) ?? 0) - half;
say(`${targets.length} targets, ${each} requests each, seed ${seed}: ${faults.length} faults`);
say(`heap after each round (MB): ${heaps.join(' ')}`);
for (const fault of faults.slice(0, 10)) say(fault);
process.exitCode = faults.length > 0 || growth > MOST_GROWTH ? 1 : 0;
