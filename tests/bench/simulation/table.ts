import { type FleetResult, LATE_MS } from './fleet.ts';
import { createScenarioRunner, type ScenarioName } from './scenarios.ts';

const COLUMNS = [
  ...['load', 'bots', 'assignment', 'p50', 'p95', 'p99', 'max', 'p99 bots', 'deepest', 'hottest', '> 60 s'],
  ...['refused', 'recovery'],
];

/** The lines of a Markdown table per scenario, as each is done. */
export function* report(scenarios: readonly ScenarioName[], seed: number): Generator<string> {
  yield `Waiting times from accept to send, in storms of the alerts that arrive in them (10 times the load for 60 s).`;
  yield `"p99 bots": the part that more bots would take away; the rest is the chats' own limits. Seed ${seed}.`;
  const run = createScenarioRunner(seed);
  for (const name of scenarios) {
    const { perSecond, chats, rows, needs } = run(name);
    const simulated = rows[0]?.result;
    yield '';
    yield `### ${thousands(perSecond)} alerts/s, ${thousands(chats)} chats${sampleNote(simulated)}`;
    yield '';
    yield line(COLUMNS);
    yield line(COLUMNS.map(() => '---'));
    for (const row of rows) yield line(cells(row.load, row.assignment, row.result));
    yield '';
    for (const { target, bots, result } of needs) {
      const share = `${percent(result.hottest)} of the hottest bot used`;
      yield `- ${target}: ${thousands(bots)} bot${bots === 1 ? '' : 's'} (p99 ${duration(result.botWaits.percentile(0.99))}, ${share})`;
    }
  }
}

function sampleNote(result: FleetResult | undefined): string {
  if (result === undefined || result.simulated === result.bots) return '';
  return ` (the hottest bot and ${result.simulated - 1} others of ${thousands(result.bots)} are simulated)`;
}

function cells(load: string, assignment: string, result: FleetResult): string[] {
  const { waits, botWaits } = result;
  return [
    load,
    thousands(result.bots),
    assignment,
    ...[0.5, 0.95, 0.99, 1].map((share) => duration(waits.percentile(share))),
    duration(botWaits.percentile(0.99)),
    thousands(result.deepest),
    percent(result.hottest),
    percent(waits.shareAbove(LATE_MS)),
    percent(result.refusedShare),
    result.recoveryMs === 0 ? '-' : duration(result.recoveryMs),
  ];
}

function line(values: readonly string[]): string {
  return `| ${values.join(' | ')} |`;
}

function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return ms < 99_950 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function thousands(value: number): string {
  return value.toLocaleString('en-US');
}
