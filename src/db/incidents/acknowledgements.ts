import type { Knex } from 'knex';
import { raw } from 'objection';
import { type Press, stateAfter } from '../../domain/acknowledgement.ts';
import type { Incident } from '../../domain/incident.ts';
import type { IncidentRepository } from '../../services/ports/incidents.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IncidentModel, toIncident } from '../models/incident-model.ts';

/** @see IncidentRepository.openSingle, in a transaction. */
export async function openSingle(
  trx: Knex.Transaction,
  alert: Parameters<IncidentRepository['openSingle']>[0],
  hasButtons: boolean,
): Promise<void> {
  const { id, integrationId, priority, threadId, createdAt } = alert;
  const at = alert.deliverAt ?? createdAt;
  const linked = await AlertModel.query(trx).patch({ incidentId: id }).where({ id }).whereNull('incidentId');
  if (linked === 0) return;
  await IncidentModel.query(trx).insert({
    ...{ id, integrationId, priority, threadId, keyHash: '', state: 'open', count: 1 },
    // Closed when it is shown at the latest: from then on it is kept as long as the ledger's entry.
    ...{ openedAt: at, lastAt: at, closedAt: at, resolvedAt: null, changedAt: createdAt },
    ...{ rangAt: null, version: 1, shownVersion: 0, leadId: id, messageId: null, textId: id, reply: null },
    hasButtons: hasButtons ? 1 : 0,
  });
}

/** @see IncidentRepository.press, in a transaction that has the incident's row for itself. */
export async function pressButton(
  trx: Knex.Transaction,
  row: IncidentModel,
  press: Press,
  { sealedName, now }: { readonly sealedName: string; readonly now: number },
): Promise<{ readonly incident: Incident; readonly changed: boolean }> {
  const state = stateAfter(row, press);
  if (state === undefined) return { incident: toIncident(row), changed: false };
  const isTaken = state === 'acknowledged';
  const changed = {
    state,
    acknowledgedAt: isTaken ? now : null,
    acknowledgedBy: isTaken ? sealedName : null,
  };
  await IncidentModel.query(trx)
    .patch({ ...changed, version: raw('?? + 1', ['version']), changedAt: now })
    .where({ id: row.id });
  return { incident: { ...toIncident(row), ...changed, version: row.version + 1 }, changed: true };
}
