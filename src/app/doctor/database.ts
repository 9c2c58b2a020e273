import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { keyFingerprint } from '../../crypto/key-fingerprint.ts';
import { type BackupFacts, type BackupFault, UnusableBackup } from '../../db/backup/backup-facts.ts';
import { newestBackup } from '../../db/backup/backup-files.ts';
import { inspectPostgres } from '../../db/backup/inspect-postgres.ts';
import { inspectSqlite } from '../../db/backup/inspect-sqlite.ts';
import { hasPgDump, type PostgresPrograms } from '../../db/backup/postgres-programs.ts';
import { type Finding, findingsOn } from './finding.ts';

const { ok, warning, fault } = findingsOn('database');
/** The nightly backup, and two hours for a long one. */
const BACKUP_AGE_MS = 26 * 3_600_000;

/** What of a database there is to know, from reading it alone. */
type Facts = Pick<BackupFacts, 'installation' | 'keyFingerprint' | 'missingMigrations'> & {
  readonly integrations: number;
};

/** Looks at the database, and changes nothing. `installation`: its id, where it can be read. */
export async function checkDatabase(
  config: Config,
): Promise<{ readonly findings: readonly Finding[]; readonly installation: string | undefined }> {
  const { database } = config;
  if (database.dialect === 'sqlite' && !existsSync(database.file))
    return {
      findings: [warning(`There is no database yet at ${database.file}`, NO_DATABASE)],
      installation: undefined,
    };
  if (database.dialect === 'sqlite' && statSync(database.file).size === 0)
    return {
      findings: [warning(`The database at ${database.file} is empty`, NO_DATABASE)],
      installation: undefined,
    };
  try {
    const { facts, findings } = await (database.dialect === 'sqlite'
      ? readSqlite(database.file)
      : readPostgres(database.url));
    return {
      findings: [
        ...findings,
        ...(facts === undefined ? [] : [...checkSchema(facts), ...checkKey(facts, config)]),
      ],
      installation: facts?.installation ?? undefined,
    };
  } catch (error) {
    if (error instanceof UnusableBackup)
      return { findings: [describeFault(error.fault, database)], installation: undefined };
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
    return { findings: [describeAway(code, database)], installation: undefined };
  }
}

const NO_DATABASE =
  'The first start makes it. If there should be one: check DATABASE_URL, DATA_DIR and the working directory.';

async function readSqlite(file: string): Promise<{ facts: Facts; findings: Finding[] }> {
  const facts = await inspectSqlite(file);
  return {
    facts: { ...facts, integrations: facts.rows.Integrations ?? 0 },
    findings: [ok(`SQLite, ${(facts.bytes / 1e6).toFixed(1)} MB, every page is whole`)],
  };
}

async function readPostgres(url: string): Promise<{ facts: Facts | undefined; findings: Finding[] }> {
  const { version, facts } = await inspectPostgres(url);
  return {
    facts,
    findings: [ok(`PostgreSQL ${version} responds`), ...(facts ? [] : [warning('It is empty', NO_DATABASE)])],
  };
}

function checkSchema({ missingMigrations }: Facts): Finding[] {
  if (missingMigrations.length === 0) return [ok('Its schema is of this version')];
  return [
    warning(
      `Its schema is of an older version: the next start or command brings it up to date (migrations: ${missingMigrations.length})`,
      'The way back is a backup that the version before has written: is there one?',
    ),
  ];
}

function checkKey({ keyFingerprint: of, integrations }: Facts, config: Config): Finding[] {
  const secret = readSecret(config);
  if (of === null || secret === undefined || integrations === 0 || of === keyFingerprint(secret)) return [];
  return [
    fault(
      'JWT_SECRET is not the one that this database was used with: the tokens of its integrations are refused',
      'Set the JWT_SECRET that was saved with the database. If it is lost: `pingui adopt-key`.',
    ),
  ];
}

/** The sandbox's, where it has made one: doctor makes none. */
function readSecret({ jwtSecret, dataDir }: Config): string | undefined {
  const file = join(dataDir, 'jwt-secret');
  return jwtSecret ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined);
}

/** What PostgreSQL says by a code (its manual, Appendix A) when it lets nobody in. */
const REFUSALS: Readonly<Record<string, string>> = {
  '28P01': 'refuses the password',
  '28000': 'refuses the user',
  '3D000': 'has no database of this name',
};

function describeAway(code: string, database: Config['database']): Finding {
  if (database.dialect === 'sqlite')
    return fault(
      `The database at ${database.file} cannot be opened (${code})`,
      'The user that the service runs as has to be allowed to read and write it, and its folder.',
    );
  const refusal = REFUSALS[code];
  if (refusal !== undefined) return fault(`PostgreSQL ${refusal} (${code})`, 'Correct DATABASE_URL.');
  return fault(
    `The database does not respond (${code}): alerts are refused with 503`,
    'Start it, or correct DATABASE_URL.',
  );
}

function describeFault(kind: BackupFault, database: Config['database']): Finding {
  const where = database.dialect === 'sqlite' ? ` at ${database.file}` : '';
  switch (kind) {
    case 'newer':
      return fault(
        'The database is of a newer version of Pingui Alert',
        'Install that version, or a later one.',
      );
    case 'foreign':
    case 'missing':
    case 'unreadable':
      return fault(`What is${where} is no database of Pingui Alert`, 'Check DATABASE_URL and DATA_DIR.');
    case 'damaged':
      return fault(
        `The database${where} is damaged`,
        'Stop the service and restore the newest backup that is whole: `pingui backup verify`, `pingui restore`.',
      );
  }
}

/** The newest backup, where there is a database to back up. */
export async function checkBackup(
  { backup, roles, database }: Config,
  programs: PostgresPrograms,
  now: number,
): Promise<Finding[]> {
  const of = findingsOn('backup');
  if (!roles.has('scheduler')) return [];
  if (database.dialect === 'postgres' && !(await hasPgDump(programs)))
    return [of.ok('There is no pg_dump here: backups are the database’s own')];
  const newest = await newestBackup(backup.directory).catch(() => undefined);
  if (newest === undefined)
    return [
      of.warning('There is no backup yet', 'The first one is written at 03:00, or now: `pingui backup`.'),
    ];
  const hours = Math.round((now - newest.at) / 3_600_000);
  const text = `The newest backup is ${hours} h old (${(newest.bytes / 1e6).toFixed(1)} MB)`;
  return [
    now - newest.at > BACKUP_AGE_MS
      ? of.warning(text, 'Look for job.failed in the log, or run `pingui backup`.')
      : of.ok(text),
  ];
}
