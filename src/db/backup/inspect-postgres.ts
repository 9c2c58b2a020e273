import type { Database } from '../engine/connect.ts';
import { connectDatabase } from '../engine/connect.ts';
import { MIGRATION_NAMES } from '../engine/migration-source.ts';
import { type BackupFacts, UnusableBackup } from './backup-facts.ts';

/** Looks at a PostgreSQL database, and changes nothing. `facts`: undefined where it is empty. @throws UnusableBackup (newer) */
export async function inspectPostgres(url: string): Promise<{
  readonly version: string;
  readonly facts:
    | (Pick<BackupFacts, 'installation' | 'keyFingerprint' | 'missingMigrations'> & {
        readonly integrations: number;
      })
    | undefined;
}> {
  const db = await connectDatabase({ dialect: 'postgres', url });
  try {
    const answer = await db.knex.raw('SHOW server_version');
    return { version: String(answer.rows[0]?.server_version), facts: await readFacts(db) };
  } finally {
    await db.close();
  }
}

async function readFacts({ knex }: Database) {
  if (!(await knex.schema.hasTable('knex_migrations'))) return undefined;
  const done = new Set(
    (await knex<{ name: string }>('knex_migrations').select('name')).map(({ name }) => name),
  );
  if ([...done].some((name) => !MIGRATION_NAMES.includes(name)))
    throw new UnusableBackup('newer', 'The database is of a newer version.');
  const hasInstallation = await knex.schema.hasTable('Installation');
  const row = hasInstallation
    ? await knex<{ id: string; keyFingerprint?: string | null }>('Installation').first()
    : undefined;
  const [count] = await knex('Integrations').count({ rows: '*' });
  return {
    installation: row?.id ?? null,
    keyFingerprint: row?.keyFingerprint ?? null,
    missingMigrations: MIGRATION_NAMES.filter((name) => !done.has(name)),
    integrations: Number(count?.rows ?? 0),
  };
}
