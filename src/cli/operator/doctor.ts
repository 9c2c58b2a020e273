import { examine } from '../../app/doctor/doctor.ts';
import type { Finding } from '../../app/doctor/finding.ts';
import { type Config, ConfigError } from '../../config/config.ts';
import type { CommandDeps, Run } from '../command.ts';
import { createProgress } from '../progress.ts';
import { counted } from '../table.ts';

const MARKS: Readonly<Record<Finding['status'], string>> = {
  ok: 'ok',
  warning: 'warning',
  fault: 'FAULT',
  skipped: '-',
};

/** Says what is wrong with the service's surroundings, and what to do. */
export const doctor: Run = async ({ progress }, deps) => {
  const found = await findAll(
    deps,
    createProgress((subject) => progress(`Asking: ${subject} …`)),
  );
  const count = (status: Finding['status']) => found.filter((one) => one.status === status).length;
  const [faults, warnings] = [count('fault'), count('warning')];
  return {
    lines: [
      ...found.flatMap(describe),
      '',
      faults + warnings === 0
        ? 'All is well.'
        : `${counted(faults, 'fault')}, ${counted(warnings, 'warning')}.`,
    ],
    json: { ok: faults === 0, faults, warnings, findings: found },
    isFault: faults > 0,
  };
};

async function findAll(deps: CommandDeps, onSubject: (subject: string) => void): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = deps.setUp().config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Without valid settings nobody knows what else to look at.
    return error.faults.map(({ name, message }) => ({
      ...({ subject: 'settings', status: 'fault' } as const),
      ...{ message: `${name} ${message}`, todo: 'Correct it; .env.example and README.md describe it.' },
    }));
  }
  const { nodeVersion, clock } = deps;
  return examine({ config, clock, nodeVersion, env: deps.process.env }, onSubject);
}

function describe({ status, subject, message, todo }: Finding): string[] {
  const indent = ' '.repeat(20);
  return [
    `${MARKS[status].padEnd(8)} ${subject.padEnd(10)} ${message}`,
    ...(todo === undefined ? [] : [`${indent}→ ${todo}`]),
  ];
}
