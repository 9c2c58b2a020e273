import type { IncidentRepository } from '../../services/ports/incidents.ts';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { IncidentModel } from '../models/incident-model.ts';
import { staleAt } from './incident-rows.ts';

/** Rows deleted per statement: other writers get their turn in between. */
const PURGE_BATCH = 1_000;

/** The parts of the repository that look at many incidents. */
export function createIncidentSweeps({
  knex,
  dialect,
}: Database): Pick<IncidentRepository, 'withEndedLead' | 'closeStale' | 'unshown' | 'purge'> {
  const incidents = () => IncidentModel.query(knex);
  const skipLocked = dialect === 'postgres' ? 'FOR UPDATE SKIP LOCKED' : '';

  return {
    async withEndedLead(limit) {
      const rows = await incidents()
        .select('Incidents.id')
        .leftJoin('Alerts', 'Alerts.id', 'Incidents.leadId')
        .whereNotNull('Incidents.leadId')
        .where((ended) => ended.whereNull('Alerts.id').orWhereNotIn('Alerts.status', ['queued', 'sending']))
        .limit(limit);
      return rows.map(({ id }) => id);
    },

    async closeStale(before, now, limit) {
      const rows = await retryConflicts(() =>
        incidents()
          .patch(staleAt(now))
          .whereRaw(
            `"id" IN (SELECT "id" FROM "Incidents" WHERE "closedAt" IS NULL AND "lastAt" <= ? LIMIT ? ${skipLocked})`,
            [before, limit],
          )
          .returning('id'),
      );
      return rows.map(({ id }) => id);
    },

    async unshown(before, limit) {
      const rows = await incidents()
        .select('id')
        // As the index has it.
        .whereRaw(`("shownVersion" < "version" OR "reply" IS NOT NULL)`)
        .where('changedAt', '<', before)
        .whereNull('leadId')
        .orderBy('changedAt')
        .limit(limit);
      return rows.map(({ id }) => id);
    },

    async purge(before) {
      for (;;) {
        const deleted = await incidents()
          .delete()
          .whereRaw(`"id" IN (SELECT "id" FROM "Incidents" WHERE "closedAt" < ? LIMIT ?)`, [
            before,
            PURGE_BATCH,
          ]);
        if (deleted < PURGE_BATCH) return;
      }
    },
  };
}
