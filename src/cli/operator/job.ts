import { openMaintenance } from '../../app/maintenance.ts';
import { type Run, WrongUse } from '../command.ts';
import { counted } from '../table.ts';
import { describeBackup } from './backup.ts';

/** Runs a scheduled job now, next to a running service or without one. */
export const runJob: Run = async ({ args }, deps) => {
  const [name] = args;
  if (name !== 'reset-quotas' && name !== 'backup')
    throw new WrongUse('the jobs that can be run are reset-quotas and backup');
  const maintenance = await openMaintenance({ ...deps.setUp(), ...deps.process, clock: deps.clock });
  try {
    if (name === 'backup') return describeBackup(await maintenance.backup());
    const count = await maintenance.resetQuotasNow();
    return {
      lines: [`Reset the quota of ${counted(count, 'integration')}`],
      json: { integrations: count },
    };
  } finally {
    await maintenance.close();
  }
};
