import type { Knex } from 'knex';
import { raw } from 'objection';
import { AlertModel } from '../models/alert-model.ts';
import { IncidentModel } from '../models/incident-model.ts';
import { IntegrationModel } from '../models/integration-model.ts';

/** @see IncidentRepository.takeBack, in a transaction. */
export async function takeBack(trx: Knex.Transaction, alertId: string): Promise<void> {
  const entry = await AlertModel.query(trx).findById(alertId);
  if (entry === undefined || entry.folded === null || entry.incidentId === null) return;
  const deleted = await AlertModel.query(trx).delete().where({ id: alertId, status: 'queued' });
  if (deleted === 0) return;
  await IntegrationModel.query(trx)
    .patch({ folded: raw('CASE WHEN ?? > 0 THEN ?? - 1 ELSE 0 END', ['folded', 'folded']) })
    .where({ id: entry.integrationId });
  const row = await IncidentModel.query(trx).findById(entry.incidentId);
  if (row === undefined) return;
  const changed = { version: raw('?? + 1', ['version']), changedAt: entry.createdAt };
  // Only an end has this version and closes.
  const isEnd = row.resolvedAt !== null && row.version === entry.foldVersion;
  if (!isEnd) {
    const textId = row.textId === alertId ? await textBefore(trx, row) : row.textId;
    await IncidentModel.query(trx)
      .patch({ ...changed, count: raw('?? - 1', ['count']), textId })
      .where({ id: row.id });
    return;
  }
  const { integrationId, keyHash } = row;
  const others = await IncidentModel.query(trx)
    .where({ integrationId, keyHash })
    .whereNull('closedAt')
    .resultSize();
  // Its key has another incident by now: what is resolved stays so.
  if (others > 0) return;
  await IncidentModel.query(trx)
    .patch({
      ...changed,
      state: row.acknowledgedAt === null ? 'open' : 'acknowledged',
      resolvedAt: null,
      closedAt: null,
      reply: null,
    })
    .where({ id: row.id });
}

/** The newest alert of the incident's that is left. */
async function textBefore(trx: Knex.Transaction, { id }: IncidentModel): Promise<string> {
  const before = await AlertModel.query(trx)
    .select('id')
    .where({ incidentId: id })
    .whereNotNull('folded')
    .orderBy('foldVersion', 'desc')
    .first();
  return before?.id ?? id;
}
