import type { Knex } from 'knex';
import * as initial from '../../../migrations/20261125000000_initial.ts';
import * as confirmedAlerts from '../../../migrations/20261125200000_confirmed_alerts.ts';
import * as integrationLimits from '../../../migrations/20261127010000_integration_limits.ts';
import * as installation from '../../../migrations/20261127020000_installation.ts';
import * as resendsAndPeriods from '../../../migrations/20261127030000_resends_and_periods.ts';
import * as keyFingerprint from '../../../migrations/20261128010000_key_fingerprint.ts';
import * as chats from '../../../migrations/20261128020000_chats.ts';
import * as showName from '../../../migrations/20261129010000_show_name.ts';
import * as incidents from '../../../migrations/20261129020000_incidents.ts';
import * as overflow from '../../../migrations/20261129030000_overflow.ts';
import * as keys from '../../../migrations/20261130010000_keys.ts';
import * as statistics from '../../../migrations/20261130020000_statistics.ts';
import * as acknowledgements from '../../../migrations/20261130030000_acknowledgements.ts';
import * as lateAlerts from '../../../migrations/20261130040000_late_alerts.ts';
import * as endedAlertsByIntegration from '../../../migrations/20261130050000_ended_alerts_by_integration.ts';

/**
 * All migrations, oldest first. Their names carry no extension: a database that was migrated from the TypeScript
 * sources (x.ts) and one from the build (x.js) are the same to knex.
 */
const MIGRATIONS: ReadonlyMap<string, Knex.Migration> = new Map([
  ['20261125000000_initial', initial],
  ['20261125200000_confirmed_alerts', confirmedAlerts],
  ['20261127010000_integration_limits', integrationLimits],
  ['20261127020000_installation', installation],
  ['20261127030000_resends_and_periods', resendsAndPeriods],
  ['20261128010000_key_fingerprint', keyFingerprint],
  ['20261128020000_chats', chats],
  ['20261129010000_show_name', showName],
  ['20261129020000_incidents', incidents],
  ['20261129030000_overflow', overflow],
  ['20261130010000_keys', keys],
  ['20261130020000_statistics', statistics],
  ['20261130030000_acknowledgements', acknowledgements],
  ['20261130040000_late_alerts', lateAlerts],
  ['20261130050000_ended_alerts_by_integration', endedAlertsByIntegration],
]);

/** Oldest first. */
export const MIGRATION_NAMES: readonly string[] = [...MIGRATIONS.keys()];

/** An explicit list instead of a folder, so that it is the same from src, from dist and from any directory. */
export function createMigrationSource(names = MIGRATION_NAMES): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => [...names],
    getMigrationName: (name) => name,
    async getMigration(name) {
      const migration = MIGRATIONS.get(name);
      if (migration === undefined) throw new Error(`There is no migration named ${name}`);
      return migration;
    },
  };
}
