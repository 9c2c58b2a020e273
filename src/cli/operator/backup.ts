import { stat } from 'node:fs/promises';
import { openMaintenance } from '../../app/maintenance.ts';
import { UnusableBackup } from '../../db/backup/backup-facts.ts';
import { inspectBackup } from '../../db/backup/inspect-backup.ts';
import type { Report, Run } from '../command.ts';
import { megabytes, properties } from '../table.ts';

/** Writes a backup now, as the nightly job does: next to a running service or without one. */
export const backUp: Run = async ({ options }, deps) => {
  const settings = { ...deps.setUp(), ...deps.process, clock: deps.clock };
  const maintenance = await openMaintenance({ ...settings, isPortable: options.portable === true });
  try {
    return await describeBackup(await maintenance.backup());
  } finally {
    await maintenance.close();
  }
};

/** @param file undefined: none was written */
export async function describeBackup(file: string | undefined): Promise<Report> {
  if (file === undefined)
    return {
      lines: [
        'No backup was written: pg_dump is not installed, so that backups are the database’s own. Install the client programs ' +
          'of the server’s version, or write a portable copy: `pingui backup --portable`.',
      ],
      json: { file: null, bytes: null },
      isFault: true,
    };
  const bytes = (await stat(file)).size;
  return {
    lines: [`Wrote ${file} (${megabytes(bytes)}), and read it back: it is whole.`],
    json: { file, bytes },
  };
}

/** Tells whether a backup can be restored, and what it holds. Reads the file alone: no setting, no database. */
export const verifyBackup: Run = async ({ args }, deps) => {
  const [file = ''] = args;
  try {
    const { bytes, rows, missingMigrations, installation } = await inspectBackup(file, deps.process);
    return {
      lines: [
        'This backup is whole, and this version can restore it.',
        ...properties([
          ['size', megabytes(bytes)],
          ...Object.entries(rows),
          ['migrations to run', missingMigrations.length],
        ]),
      ],
      json: { ok: true, bytes, rows, missingMigrations, installation },
    };
  } catch (error) {
    if (!(error instanceof UnusableBackup)) throw error;
    return {
      lines: [error.message],
      json: { ok: false, fault: error.fault, message: error.message },
      isFault: true,
    };
  }
};
