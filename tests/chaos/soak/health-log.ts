import { pause } from '../../../src/async/pause.ts';
import type { Service } from '../../support/service.ts';
import { CHECK_OF, now, type Trouble } from './troubles.ts';

/** What one process said of itself at one moment. */
export interface HealthSample {
  readonly process: string;
  /** Epoch ms, when it was asked. */
  readonly at: number;
  readonly tookMs: number;
  /** 0: no answer. */
  readonly http: number;
  /** The checks that are not ok, with their reasons. */
  readonly troubles: Readonly<Record<string, string>>;
}

const EVERY_MS = 1_000;
/** Within this time health tells of each trouble, and of its end, in ms. */
const PROMISED_MS = 15_000;

/** Asks each process every second. The result stops it and gives what they said. */
export function watchReadiness(
  processes: Readonly<Record<string, Pick<Service, 'api'>>>,
): () => Promise<HealthSample[]> {
  const samples: HealthSample[] = [];
  let running = true;
  const loops = Object.entries(processes).map(async ([process, service]) => {
    while (running) {
      const next = pause(EVERY_MS);
      const at = now();
      const answer = await service.api.call('/health/ready').catch(() => undefined);
      const checks: [string, { status: string; reason?: string }][] = Object.entries(
        answer?.body?.checks ?? {},
      );
      const bad = checks.filter(([, { status }]) => status !== 'ok');
      samples.push({
        process,
        at,
        tookMs: now() - at,
        http: answer?.status ?? 0,
        troubles: Object.fromEntries(bad.map(([name, { status, reason = status }]) => [name, reason])),
      });
      await next;
    }
  });
  return async () => {
    running = false;
    await Promise.all(loops);
    return samples;
  };
}

export interface Verdict {
  readonly violations: readonly string[];
  readonly figures: Readonly<Record<string, number | string>>;
}

/**
 * Whether each trouble was told in time, and its end.
 * @param mustTell which processes have to tell of a trouble. One that takes no alerts looks at the database only every
 *   5 s, and may miss a lock of 5 s
 */
export function judgeHealth(
  samples: readonly HealthSample[],
  troubles: readonly Trouble[],
  mustTell: (process: string, trouble: Trouble) => boolean,
): Verdict {
  const violations: string[] = [];
  const figures: Record<string, number | string> = {};
  const processes = [...new Set(samples.map(({ process }) => process))];
  for (const process of processes) {
    const own = samples.filter((sample) => sample.process === process);
    const mute = own.filter(({ http }) => http === 0).length;
    if (mute > 0) violations.push(`health of ${process}: ${mute} times no answer`);
    const foretold = new Set<HealthSample>();
    troubles.forEach((trouble, index) => {
      const check = CHECK_OF[trouble.kind];
      if (check === undefined) return;
      const about = `${index + 1} ${trouble.kind}, ${process}`;
      // Where its check has the next trouble by then, the end of this one need not be told.
      const next = troubles.find(
        ({ kind, from }) =>
          CHECK_OF[kind] === check && from >= trouble.until && from <= trouble.until + PROMISED_MS,
      );
      const bad = toldOf(own, check, trouble).filter(({ at }) => at < (next?.from ?? Infinity));
      const [first] = bad;
      const last = bad.at(-1);
      const toldMs = first === undefined ? undefined : first.at + first.tookMs - trouble.from;
      const overMs = last === undefined ? 0 : Math.max(0, last.at + last.tookMs - trouble.until);
      const reasons = [...new Set(bad.map((one) => one.troubles[check]))].join(', ');
      figures[`health ${about}`] =
        toldMs === undefined
          ? 'nothing told'
          : `${check} ${reasons} after ${seconds(toldMs)} s, over ${seconds(overMs)} s after the end`;
      if (mustTell(process, trouble) && (toldMs === undefined || toldMs > PROMISED_MS))
        violations.push(
          `health ${about}: ${toldMs === undefined ? 'not told' : `told after ${seconds(toldMs)} s`}`,
        );
      if (overMs > PROMISED_MS)
        violations.push(`health ${about}: its end was told after ${seconds(overMs)} s`);
      const wrong = bad.filter(({ http }) => http !== (check === 'database' ? 503 : 200));
      // Another check may be down at the same time, but not for long.
      if (wrong.length > 1 && wrong.length === bad.length)
        violations.push(`health ${about}: answered with ${wrong[0]?.http}`);
      for (const one of bad) foretold.add(one);
    });
    violations.push(...falseAlarms(process, own, foretold, troubles, figures));
  }
  figures['health answered within ms'] = Math.round(Math.max(0, ...samples.map(({ tookMs }) => tookMs)));
  return { violations, figures };
}

/** The samples in which the check told of this trouble: until 15 s after its end, and beyond if it never was ok then. */
function toldOf(samples: readonly HealthSample[], check: string, trouble: Trouble): HealthSample[] {
  const { from, until } = trouble;
  const end = samples.find((one) => one.at > until + PROMISED_MS && !(check in one.troubles))?.at ?? Infinity;
  return samples.filter((one) => one.at >= from && one.at < end && check in one.troubles);
}

/** What health tells when nothing was wrong for the last 15 s. For longer than 15 s in a row it would be a lie. */
function falseAlarms(
  process: string,
  samples: readonly HealthSample[],
  explained: ReadonlySet<HealthSample>,
  troubles: readonly Trouble[],
  figures: Record<string, number | string>,
): string[] {
  const isCalm = (at: number) => troubles.every(({ from, until }) => at < from || at > until + PROMISED_MS);
  const told: string[] = [];
  const counts = new Map<string, number>();
  let since: number | undefined;
  for (const sample of samples) {
    const alarms = Object.entries(sample.troubles).map(([check, reason]) => `${check} ${reason}`);
    if (alarms.length === 0 || !isCalm(sample.at) || explained.has(sample)) {
      since = undefined;
      continue;
    }
    for (const alarm of alarms) counts.set(alarm, (counts.get(alarm) ?? 0) + 1);
    since ??= sample.at;
    if (sample.at - since > PROMISED_MS && told.length === 0)
      told.push(`health of ${process}: ${alarms.join(', ')} for more than 15 s, though nothing was wrong`);
  }
  if (counts.size > 0)
    figures[`alarms without a trouble, ${process}`] = [...counts]
      .map(([alarm, times]) => `${alarm} × ${times}`)
      .join(', ');
  return told;
}

export function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
