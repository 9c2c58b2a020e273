import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewAlert } from '../../../src/services/ports/alerts.ts';
import { startTestPostgres } from '../../support/postgres.ts';

/** A kind of database to run a suite on. */
export interface TestDatabases {
  readonly name: string;
  /** The URL of a new, empty database. */
  createUrl(): Promise<string>;
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
  const sqlite: TestDatabases = {
    name: 'SQLite',
    async createUrl() {
      files += 1;
      return `sqlite:${join(dir, `${files}.db`)}`;
    },
  };
  const kinds = postgres
    ? [sqlite, { name: 'PostgreSQL', createUrl: () => postgres.createDatabase() }]
    : [sqlite];
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
