import type { Knex } from 'knex';
import { raw } from 'objection';
import { createGroup } from '../../async/batch.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IncidentModel, titleIdsOf } from '../models/incident-model.ts';
import { IntegrationModel } from '../models/integration-model.ts';

/** As many as an accept takes in: who is slow refuses as many as it was asked for. */
const MAX_BATCH = 256;

/** `takeBack` of the repository as a group commit; see the port's docstring. */
export function createTakeBack(
  transaction: (work: (trx: Knex.Transaction) => Promise<void>) => Promise<void>,
): (alertId: string) => Promise<void> {
  return createGroup(
    async (alertIds) => {
      await transaction(async (trx) => {
        // In the order of all locks.
        const entries = await AlertModel.query(trx)
          .whereIn('id', [...alertIds])
          .orderBy(['integrationId', 'incidentId']);
        for (const entry of entries) await takeBack(trx, entry);
      });
      return alertIds.map(() => ({ ok: true, value: undefined }) as const);
    },
    { maxItems: MAX_BATCH },
  );
}

async function takeBack(trx: Knex.Transaction, entry: AlertModel): Promise<void> {
  const { id: alertId, integrationId, incidentId, folded } = entry;
  if (folded === null || incidentId === null) return;
  const row = await lock(trx, { integrationId, incidentId });
  const deleted = await AlertModel.query(trx).delete().where({ id: alertId, status: 'queued' });
  if (deleted === 0) return;
  await IntegrationModel.query(trx)
    .patch({ folded: raw('CASE WHEN ?? > 0 THEN ?? - 1 ELSE 0 END', ['folded', 'folded']) })
    .where({ id: integrationId });
  if (row === undefined) return;
  const changed = { version: raw('?? + 1', ['version']), changedAt: entry.createdAt };
  // Only an end has this version and closes.
  const isEnd = row.resolvedAt !== null && row.version === entry.foldVersion;
  if (!isEnd) {
    if (row.count === 1 && (await dropUnsent(trx, row))) return;
    const textId = row.textId === alertId ? await textBefore(trx, row) : row.textId;
    const titleIds = titleIdsOf(row)?.filter((id) => id !== alertId);
    await IncidentModel.query(trx)
      .patch({ ...changed, count: raw('?? - 1', ['count']), textId, titleIds: titleIds?.join(',') ?? null })
      .where({ id: row.id });
    return;
  }
  const { keyHash } = row;
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

/** A digest whose only alert is taken back: its message is needless. False: that is being sent by now. */
async function dropUnsent(trx: Knex.Transaction, { id, leadId }: IncidentModel): Promise<boolean> {
  if (leadId === null) return false;
  if ((await AlertModel.query(trx).delete().where({ id: leadId, status: 'queued' })) === 0) return false;
  await IncidentModel.query(trx).deleteById(id);
  return true;
}

/** In the order of all locks: the integration, the incident, its alerts. SQLite has one writer at a time. */
async function lock(
  trx: Knex.Transaction,
  { integrationId, incidentId }: { readonly integrationId: number; readonly incidentId: string },
): Promise<IncidentModel | undefined> {
  const incident = IncidentModel.query(trx).findById(incidentId);
  if (trx.client.driverName !== 'pg') return incident;
  await IntegrationModel.query(trx).select('id').findById(integrationId).forNoKeyUpdate();
  return incident.forUpdate();
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
