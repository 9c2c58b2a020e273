import { stat } from 'node:fs/promises';
import { openMaintenance } from '../../app/maintenance.ts';
import { inspectBackup, UnusableBackup } from '../../db/backup/inspect-backup.ts';
import type { Report, Run } from '../command.ts';
import { megabytes, properties } from '../table.ts';

/** Writes a backup now, as the nightly job does: next to a running service or without one. */
export const backUp: Run = async (_call, deps) => {
  const settings = deps.setUp();
  const maintenance = await openMaintenance({ ...settings, clock: deps.clock });
  try {
    const report = await describeBackup(await maintenance.backup());
    if (settings.config.database.dialect === 'sqlite') return report;
    return { ...report, lines: [...report.lines, OF_POSTGRES] };
  } finally {
    await maintenance.close();
  }
};

const OF_POSTGRES =
  'It is a portable copy of what Pingui Alert keeps in PostgreSQL. Dumps, replicas and point-in-time recovery are the database’s own.';

export async function describeBackup(file: string): Promise<Report> {
  const bytes = (await stat(file)).size;
  return {
    lines: [`Wrote ${file} (${megabytes(bytes)}), and read it back: it is whole.`],
    json: { file, bytes },
  };
}

/** Tells whether a backup can be restored, and what it holds. Reads the file alone: no setting, no database. */
export const verifyBackup: Run = async ({ args }) => {
  const [file = ''] = args;
  try {
    const { bytes, rows, missingMigrations, installation } = await inspectBackup(file);
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
