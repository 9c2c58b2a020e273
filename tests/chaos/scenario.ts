import { createRandom } from '../support/random.ts';
import type { Audit } from './audit.ts';
import { openRig, type Rig, type RigOptions } from './rig.ts';

export interface Report {
  readonly name: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly balance: Omit<Audit, 'violations'> | undefined;
  /** Measured figures, by name. */
  readonly figures: Readonly<Record<string, number | string>>;
  readonly violations: readonly string[];
}

export interface Context {
  readonly rig: Rig;
  /** 0 <= n < 1, repeatable by the seed. */
  random(): number;
  /** Notes a broken promise unless `holds`. */
  expect(holds: boolean, otherwise: string): void;
  /** Audits now, and notes what is broken. */
  check(when: string, options: Parameters<Rig['audit']>[0]): Promise<Audit>;
  /** Notes a measured figure. */
  figure(name: string, value: number | string): void;
}

export interface Scenario {
  readonly name: string;
  readonly rig: RigOptions;
  /** How often the fault is injected. */
  readonly rounds: number;
  run(context: Context): Promise<void>;
}

/** Runs a scenario on a rig of its own. Never throws: what went wrong is a violation. */
export async function runScenario(scenario: Scenario, seed: number): Promise<Report> {
  const began = performance.now();
  const violations: string[] = [];
  const figures: Record<string, number | string> = {};
  let last: Audit | undefined;
  let rig: Rig | undefined;
  try {
    const opened = await openRig(scenario.rig);
    rig = opened;
    await scenario.run({
      rig: opened,
      random: createRandom(seed),
      expect(holds, otherwise) {
        if (!holds) violations.push(otherwise);
      },
      async check(when, options) {
        const found = await opened.audit(options);
        last = found;
        violations.push(...found.violations.map((violation) => `${when}: ${violation}`));
        return found;
      },
      figure(name, value) {
        figures[name] = value;
      },
    });
  } catch (error) {
    violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await rig?.close().catch((error: unknown) => violations.push(`at the end: ${String(error)}`));
  const { violations: _, ...balance } = last ?? { violations: [] };
  return {
    name: scenario.name,
    rounds: scenario.rounds,
    seconds: Math.round((performance.now() - began) / 1000),
    // Without an audit there is no balance; the cast restores what the default above takes away.
    balance: last === undefined ? undefined : (balance as Report['balance']),
    figures,
    violations,
  };
}
