import type { Knex } from 'knex';
import { type PartialModelObject, raw } from 'objection';
import type { AlertRecord } from '../../domain/alert.ts';
import { isAudible, type LiveIncident } from '../../domain/incident.ts';
import type { NewAlert } from '../../services/ports/alerts.ts';
import type { EndedFold, FoldingAlert } from '../../services/ports/incidents.ts';
import { type AlertRow, toNewEntry } from '../alerts/alert-columns.ts';
import { AlertModel } from '../models/alert-model.ts';
import type { IncidentModel } from '../models/incident-model.ts';

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

/** What an incident shows with the alert that opens it alone. */
export const OPENING_VERSION = 1;

/** The key of a digest's: one that no alert's can be, which are hashes. */
export const DIGEST_KEY = 'digest';

/** The row of the incident that the alert opens. It has the alert's id: there is one of each. */
export function newIncident(
  alert: FoldingAlert & { readonly keyHash: string },
  { hasButtons }: { readonly hasButtons: boolean },
): PartialModelObject<IncidentModel> {
  const { id, integrationId, keyHash, createdAt, priority, threadId } = alert;
  return {
    ...{ id, integrationId, keyHash, priority, threadId },
    state: 'open',
    ...{ count: 1, openedAt: createdAt, lastAt: createdAt, changedAt: createdAt },
    ...{ resolvedAt: null, closedAt: null, messageId: null, reply: null },
    rangAt: isAudible(alert) ? createdAt : null,
    ...{ version: OPENING_VERSION, shownVersion: 0, leadId: id, textId: id, titleIds: null },
    hasButtons: hasButtons ? 1 : 0,
  };
}

/** It takes no more alerts, and its message has to say so. */
export const staleAt = (now: number): PartialModelObject<IncidentModel> => ({
  ...{ state: 'stale', closedAt: now, changedAt: now },
  version: raw('?? + 1', ['version']),
});

/** An entry of our own, with what the columns of an accept leave out. */
export async function insertNotice(
  trx: Knex,
  alert: NewAlert,
  more: Partial<AlertRow> & { readonly remaining: number },
): Promise<void> {
  // The table of columns gives each its value.
  await AlertModel.query(trx).insert({
    ...toNewEntry(alert),
    ...more,
    notice: 1,
  } as PartialModelObject<AlertModel>);
}

/** What is shown of these alerts. */
export async function markShown(trx: Knex, textIds: readonly string[]): Promise<void> {
  if (textIds.length === 0) return;
  await AlertModel.query(trx)
    .patch({ shown: 1 })
    .whereIn('id', [...textIds])
    .whereNotNull('folded');
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
