/**
 * Several processes, killed at random: `npm run chaos:cluster`, or with other numbers
 * `tsx tests/cluster/run.ts --seconds=120 --seed=1 --api=3 --worker=3 --bot=2 --scheduler=1` (after `npm run build`).
 * Exits with 1 when a promise was broken.
 */
import { parseArgs } from 'node:util';
import { type ClusterReport, runCluster } from './run-cluster.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    api: { type: 'string', default: '3' },
    worker: { type: 'string', default: '3' },
    bot: { type: 'string', default: '2' },
    scheduler: { type: 'string', default: '1' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function table(report: ClusterReport): string {
  const { fleet, senders, audit, polls } = report;
  const rows: [string, string | number][] = [
    ['processes killed with -9', fleet.kills],
    ['processes ended with SIGTERM (unclean)', `${fleet.terms} (${fleet.uncleanExits.length})`],
    ['restarts', fleet.restarts],
    ['requests of the senders', senders.requests],
    ['… without an answer, repeated', senders.unanswered],
    ['… answered 5xx, repeated', senders.unavailable],
    ['longest time to a 202, repeats included', `${senders.longestMs} ms`],
    ['alerts accepted', audit.accepted],
    ['delivered', audit.counts.delivered],
    ['uncertain', audit.counts.uncertain],
    ['failed', audit.counts.failed],
    ['expired', audit.counts.expired],
    ['queued or sending at the end', audit.counts.queued + audit.counts.sending],
    ['time to drain', `${report.drainedMs} ms`],
    ['pollers at once, at most', polls.mostAtOnce],
    ['polls ended with 409', polls.conflicts],
    ['takeovers of the poller', polls.takeovers],
    ['longest takeover', `${polls.longestTakeoverMs} ms`],
    ['bot commands asked / answered', `${polls.asked} / ${polls.answered}`],
    ['promises broken (lost, doubled, out of order, …)', report.violations.length],
  ];
  return [
    '| what | figure |',
    '| --- | ---: |',
    ...rows.map(([what, figure]) => `| ${what} | ${figure} |`),
  ].join('\n');
}

async function main(): Promise<void> {
  process.setMaxListeners(50);
  const sizes = {
    api: Number(values.api),
    worker: Number(values.worker),
    bot: Number(values.bot),
    scheduler: Number(values.scheduler),
  };
  say(`${values.seconds} s, seed ${values.seed}, ${JSON.stringify(sizes)}`);
  const report = await runCluster({ sizes, seconds: Number(values.seconds), seed: Number(values.seed), say });
  say(table(report));
  for (const violation of report.violations) say(`BROKEN: ${violation}`);
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
