import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Report, runScenario } from './scenario.ts';
import { allScenarios } from './scenarios.ts';

const USAGE =
  'npm run chaos -- [--rounds-worker=100] [--rounds-redis=20] [--soak-minutes=10] [--seed=<number>] [--only=<scenario>[,…]]';

/** Runs the scenarios one after the other. Returns the exit code: 1 when a promise was broken. */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      'rounds-worker': { type: 'string', default: '100' },
      'rounds-redis': { type: 'string', default: '20' },
      'soak-minutes': { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      only: { type: 'string' },
    },
  });
  const all = allScenarios({
    worker: Number(values['rounds-worker']),
    redis: Number(values['rounds-redis']),
    soakMinutes: Number(values['soak-minutes']),
  });
  const names = all.map((scenario) => scenario.name);
  const wanted = values.only?.split(',') ?? names;
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    say(`No such scenario: ${unknown.join(', ')}\n${USAGE}\nScenarios: ${names.join(', ')}`);
    return 2;
  }
  const chosen = all.filter((scenario) => wanted.includes(scenario.name));
  const seed = Number(values.seed);
  say(`seed ${seed}, node ${process.version}\n`);
  const reports: Report[] = [];
  for (const scenario of chosen) {
    const report = await runScenario(scenario, seed);
    reports.push(report);
    say(line(report));
    for (const violation of report.violations) say(`  BROKEN ${violation}`);
  }
  const file = join(mkdtempSync(join(tmpdir(), 'pingui-chaos-report-')), 'report.json');
  writeFileSync(file, JSON.stringify({ seed, reports }, null, 2));
  const broken = reports.flatMap((report) => report.violations).length;
  say(`\n${broken === 0 ? 'All promises held.' : `${broken} broken promises.`} Details: ${file}`);
  return broken === 0 ? 0 : 1;
}

/** One row of the table. */
function line({ name, rounds, seconds, balance, figures, violations }: Report): string {
  const counts =
    balance === undefined ? '' : Object.entries(balance.counts).map(([state, count]) => `${state} ${count}`);
  const sums =
    balance === undefined
      ? ''
      : `accepted ${balance.accepted} = ${[counts].flat().join(' + ')}; refused ${balance.refused}`;
  const more = Object.entries(figures).map(([figure, value]) => `${figure}: ${value}`);
  const verdict = violations.length === 0 ? 'ok    ' : 'BROKEN';
  return `${verdict} ${name} (${rounds} rounds, ${seconds} s) ${sums}${more.length === 0 ? '' : `\n         ${more.join('; ')}`}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

// Each rig ends its processes when this one exits.
process.setMaxListeners(0);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n${USAGE}\n`);
    process.exit(2);
  },
);
