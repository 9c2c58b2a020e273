/**
 * `npm run bench`: the benchmarks of docs/performance.md, each beside its yardstick in the same run. Prints a table and
 * JSON. Arguments: names of benchmarks (accept, e2e, deliver, growth, start), all without any; --quick for short rounds.
 */
import { benchAccept } from './accept.ts';
import { benchDeliver, benchEndToEnd } from './deliver.ts';
import { benchGrowth } from './growth.ts';
import { benchStart } from './start.ts';

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const quick = process.argv.includes('--quick');

const benchmarks: Record<string, () => Promise<unknown>> = {
  accept: () => benchAccept(quick ? { rounds: 3, seconds: 3 } : { rounds: 7, seconds: 6 }),
  e2e: () => benchEndToEnd(quick ? 80 : 420),
  deliver: async () => [
    await benchDeliver({ alerts: quick ? 10 : 60, chats: 5, sendDelayMs: 1_000, groups: 0 }),
    await benchDeliver({ alerts: quick ? 120 : 900, chats: 60, sendDelayMs: 34, groups: 0 }),
  ],
  growth: () =>
    benchGrowth(quick ? [0, 10_000] : [0, 10_000, 100_000], quick ? [10, 10_000] : [10, 10_000, 1_000_000]),
  start: () => benchStart(quick ? 3 : 7),
};

async function run(): Promise<void> {
  const results: Record<string, unknown> = {};
  for (const name of names.length > 0 ? names : Object.keys(benchmarks)) {
    const benchmark = benchmarks[name];
    if (benchmark === undefined) {
      process.stderr.write(
        `There is no benchmark ${name}: choose of ${Object.keys(benchmarks).join(', ')}\n`,
      );
      process.exitCode = 2;
      return;
    }
    results[name] = await benchmark();
    for (const row of [results[name]].flat()) printRow(name, row as Record<string, unknown>);
  }
  process.stdout.write(`${JSON.stringify(results)}\n`);
}

function printRow(name: string, row: Record<string, unknown>): void {
  const cells = Object.entries(row).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  process.stdout.write(`${name.padEnd(8)} ${cells.join('  ')}\n`);
}

await run();
