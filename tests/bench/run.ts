/**
 * `npm run bench`: the benchmarks of docs/performance.md, each beside its yardstick in the same run. Prints a table,
 * JSON, and what the figures say to the goals. Arguments: names of benchmarks (see BENCHMARKS), all without any;
 * --quick for short rounds and small sizes. Exit code 1 when a benchmark failed, be it that an alert was lost, doubled
 * or let through; a goal that was not met on a busy machine is no failure.
 */
import { benchAccept } from './accept.ts';
import { checkLimits } from './accept-limits.ts';
import { benchDeliver } from './deliver.ts';
import { benchEndToEnd } from './end-to-end.ts';
import { judgeGoals, type Results } from './goals.ts';
import { benchGrowth } from './growth.ts';
import { benchStart } from './start.ts';

type Name = keyof Results;

const quick = process.argv.includes('--quick');

const BENCHMARKS: { readonly [N in Name]-?: () => Promise<NonNullable<Results[N]>> } = {
  limits: checkLimits,
  accept: () => benchAccept(quick ? { rounds: 3, seconds: 2 } : { rounds: 7, seconds: 6 }),
  e2e: async () => [await benchEndToEnd(quick ? 80 : 420)],
  deliver: async () => [
    await benchDeliver({ alerts: quick ? 10 : 60, chats: 5, sendDelayMs: 1_000, groups: 0 }),
    await benchDeliver({ alerts: quick ? 120 : 900, chats: 60, sendDelayMs: 34, groups: 0 }),
  ],
  growth: () =>
    benchGrowth(
      quick
        ? { pending: [0, 10_000], integrations: [10, 10_000], rounds: 3, requests: 3_000, sends: 300 }
        : {
            pending: [0, 10_000, 100_000],
            integrations: [10, 10_000, 1_000_000],
            rounds: 9,
            requests: 4_000,
            sends: 500,
          },
    ),
  start: async () => [await benchStart(quick ? 3 : 7)],
};

function isName(name: string): name is Name {
  return Object.hasOwn(BENCHMARKS, name);
}

async function run(): Promise<void> {
  const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const unknown = wanted.find((name) => !isName(name));
  if (unknown !== undefined) {
    const names = Object.keys(BENCHMARKS).join(', ');
    process.stderr.write(`There is no benchmark ${unknown}: choose of ${names}\n`);
    process.exitCode = 2;
    return;
  }
  let results: Results = {};
  for (const name of (wanted.length > 0 ? wanted : Object.keys(BENCHMARKS)).filter(isName)) {
    try {
      const rows = await BENCHMARKS[name]();
      results = { ...results, [name]: rows };
      for (const row of rows) print(name, row);
    } catch (error) {
      // The others are still worth knowing.
      process.stderr.write(`${name.padEnd(8)} FAILED ${error instanceof Error ? error.stack : error}\n`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`${JSON.stringify(results)}\n`);
  for (const { name, measured, met } of judgeGoals(results)) {
    process.stdout.write(`goal ${name}: ${measured}: ${met ? 'met' : 'NOT MET'}\n`);
  }
}

function print(name: Name, row: object): void {
  const cells = Object.entries(row).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  process.stdout.write(`${name.padEnd(8)} ${cells.join('  ')}\n`);
}

await run();
