import type { Knex } from 'knex';
import { type PartialModelObject, raw } from 'objection';
import type { AlertRecord } from '../../domain/alert.ts';
import { isAudible, type LiveIncident } from '../../domain/incident.ts';
import type { NewAlert } from '../../services/ports/alerts.ts';
import type { EndedFold, KeyedAlert } from '../../services/ports/incidents.ts';
import { type AlertRow, toNewEntry } from '../alerts/alert-columns.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IncidentModel } from '../models/incident-model.ts';

/** What the rules want to know of a row that takes alerts. */
export function toLive({ state, leadId, ...row }: IncidentModel): LiveIncident {
  return {
    // A live one is neither resolved nor stale.
    state: state === 'acknowledged' ? 'acknowledged' : 'open',
    isUnderWay: leadId !== null,
    count: row.count,
    openedAt: row.openedAt,
    lastAt: row.lastAt,
    priority: row.priority,
    rangAt: row.rangAt,
  };
}

/** The row of the incident that the alert opens. It has the alert's id: there is one of each. */
export function newIncident(
  alert: KeyedAlert,
  { hasButtons }: { readonly hasButtons: boolean },
): PartialModelObject<IncidentModel> {
  const { id, integrationId, keyHash, createdAt, priority, threadId } = alert;
  return {
    ...{ id, integrationId, keyHash, priority, threadId },
    state: 'open',
    ...{ count: 1, openedAt: createdAt, lastAt: createdAt, changedAt: createdAt },
    ...{ resolvedAt: null, closedAt: null, messageId: null, reply: null },
    rangAt: isAudible(alert) ? createdAt : null,
    ...{ version: 1, shownVersion: 0, leadId: id, textId: id },
    hasButtons: hasButtons ? 1 : 0,
  };
}

/** It takes no more alerts, and its message has to say so. */
export async function closeAsStale(trx: Knex, id: string, now: number): Promise<void> {
  await IncidentModel.query(trx)
    .patch({ state: 'stale', closedAt: now, version: raw('?? + 1', ['version']), changedAt: now })
    .where({ id });
}

/** An entry of the ledger's, with what the columns of an accept leave out. */
export async function insertAlert(
  trx: Knex,
  alert: NewAlert,
  more: Partial<AlertRow> & { readonly remaining: number },
): Promise<void> {
  // The table of columns gives each its value.
  await AlertModel.query(trx).insert({ ...toNewEntry(alert), ...more } as PartialModelObject<AlertModel>);
}

/** Ends what waits for the incident's message to show `version`. */
export async function endFolds(
  trx: Knex,
  { id, version }: { readonly id: string; readonly version: number },
  end: Pick<AlertRecord, 'status' | 'reason'> & { readonly now: number },
): Promise<EndedFold[]> {
  const rows = await AlertModel.query(trx)
    .patch({ status: end.status, reason: end.reason, endedAt: end.now })
    .where({ incidentId: id, status: 'queued' })
    .whereNotNull('folded')
    .where('foldVersion', '<=', version)
    .returning(['id', 'createdAt']);
  return rows.map(({ id: alertId, createdAt }) => ({ id: alertId, createdAt }));
}
