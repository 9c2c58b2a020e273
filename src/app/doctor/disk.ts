import { access, constants, stat } from 'node:fs/promises';
import type { Config } from '../../config/config.ts';
import { readFreeDisk, writtenFolders } from '../free-disk.ts';
import { type Finding, findingsOn } from './finding.ts';

const { ok, fault, warning } = findingsOn('disk');
const GB = 1e9;

export async function checkDisk(config: Config): Promise<Finding[]> {
  return [...(await checkFolders(config)), ...(await checkRoom(config))];
}

/** Whether this user can write there. */
async function checkFolders(config: Config): Promise<Finding[]> {
  const found = await Promise.all(
    writtenFolders(config).map(async ({ variable, path }) => {
      try {
        if (!(await stat(path)).isDirectory())
          return [fault(`${path} is no folder: ${variable} cannot be used`, `Correct ${variable}.`)];
        await access(path, constants.W_OK | constants.X_OK);
        return [];
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        return [
          fault(
            `${path} cannot be written (${code}): ${variable} cannot be used`,
            `Let the user that the service runs as write there (mount, owner, mode), or correct ${variable}.`,
          ),
        ];
      }
    }),
  );
  return found.flat();
}

async function checkRoom(config: Config): Promise<Finding[]> {
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
