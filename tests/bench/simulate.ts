/**
 * `npm run simulate`: what many bots would do, on paper (docs/scale.md). Deterministic: the same seed gives the same
 * table. Arguments: --seed <number>, --scenario <10|1000|100000> (repeatable; alerts per second; all without any).
 */
import { parseArgs } from 'node:util';
import { isScenarioName, SCENARIOS } from './simulation/scenarios.ts';
import { report } from './simulation/table.ts';

const USAGE = `Usage: npm run simulate -- [--seed <number>] [--scenario ${SCENARIOS.join('|')}]...`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      scenario: { type: 'string', multiple: true, default: [...SCENARIOS] },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError('--seed must be a whole number');
  return {
    seed,
    scenarios: values.scenario.map((name) => {
      if (!isScenarioName(name)) throw new RangeError(`there is no scenario ${name}`);
      return name;
    }),
  };
}

try {
  const { seed, scenarios } = readArguments();
  for (const line of report(scenarios, seed)) process.stdout.write(`${line}\n`);
} catch (error) {
  if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
