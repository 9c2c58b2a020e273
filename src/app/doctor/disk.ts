import type { Config } from '../../config/config.ts';
import { readFreeDisk } from '../free-disk.ts';
import { type Finding, findingsOn } from './finding.ts';

const { ok, fault, warning } = findingsOn('disk');
const GB = 1e9;

export async function checkDisk(config: Config): Promise<Finding[]> {
  try {
    const disks = await readFreeDisk(config);
    return disks.map(({ variable, free, needed }) => {
      const room = `${(free / GB).toFixed(1)} GB free for ${variable}`;
      return free >= needed
        ? ok(room)
        : fault(
            `Only ${room}; it should be ${(needed / GB).toFixed(1)} GB`,
            'Make room, or move it to another disk.',
          );
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return [warning(`The free disk cannot be read (${code})`, 'Look at it by `df`.')];
  }
}
