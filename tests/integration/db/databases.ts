import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import { connectDatabase, type Database } from '../../../src/db/engine/connect.ts';
import type { NewAlert } from '../../../src/services/ports/alerts.ts';
import { startTestPostgres } from '../../support/postgres.ts';
import { openMigrated } from '../../support/sqlite.ts';

/** A kind of database to run a suite on. */
export interface TestDatabases {
  readonly name: string;
  /** The URL of a new, empty database. */
  createUrl(): Promise<string>;
  /** Opens a new database, migrated and empty. */
  open(): Promise<Database>;
  /** The URL of one, not open. */
  createMigratedUrl(): Promise<string>;
}

/** SQLite, and PostgreSQL where it is installed. */
export async function startDatabases(): Promise<{
  kinds: TestDatabases[];
  dir: string;
  stop(): Promise<void>;
}> {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-db-'));
  const postgres = await startTestPostgres();
  let files = 0;
  const createFile = () => {
    files += 1;
    return `sqlite:${join(dir, `${files}.db`)}`;
  };
  const kinds: TestDatabases[] = [
    {
      name: 'SQLite',
      createUrl: async () => createFile(),
      open: () => openMigrated(createFile()),
      async createMigratedUrl() {
        const url = createFile();
        await (await openMigrated(url)).close();
        return url;
      },
    },
  ];
  if (postgres !== undefined)
    kinds.push({
      name: 'PostgreSQL',
      createUrl: postgres.createDatabase,
      open: async () => connectDatabase(parseDatabaseUrl(await postgres.createMigrated())),
      createMigratedUrl: postgres.createMigrated,
    });
  return {
    kinds,
    dir,
    async stop() {
      await postgres?.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

let alerts = 0;

/** An alert with an id of its own. */
export function newAlert(integrationId: number, changes: Partial<NewAlert> = {}): NewAlert {
  alerts += 1;
  return {
    id: `00000000-0000-4000-8000-${String(alerts).padStart(12, '0')}`,
    integrationId,
    format: 'plain',
    priority: 'normal',
    silent: false,
    threadId: null,
    deliverAt: null,
    expiresAt: null,
    sealedTags: null,
    hasButton: false,
    createdAt: NOW,
    tokenHash: null,
    namedChatId: null,
    idempotency: null,
    ...changes,
  };
}

/** 2026-11-24T12:00:00Z in epoch ms. */
export const NOW = Date.UTC(2026, 10, 24, 12);
export const DAY_MS = 86_400_000;

/** Makes `count` alerts of the one that there is, by rows: to accept each would take seconds. */
export async function multiplyAlert(
  { knex }: Database,
  count: number,
  changes: (nth: number) => object,
): Promise<void> {
  const row = await knex('Alerts').first();
  await knex('Alerts').update(changes(0));
  const more = Array.from({ length: count - 1 }, (_, index) => ({
    ...row,
    id: newAlert(0).id,
    ...changes(index + 1),
  }));
  await knex.batchInsert('Alerts', more, 20);
}
