import type { Knex } from 'knex';
import { raw } from 'objection';
import { isSingle } from '../../domain/acknowledgement.ts';
import { hasEnded } from '../../domain/alert.ts';
import type { Incident } from '../../domain/incident.ts';
import type { NewAlert } from '../../services/ports/alerts.ts';
import type { LeadEnd, Shown } from '../../services/ports/incidents.ts';
import { toAlertRecord } from '../alerts/alert-columns.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IncidentModel, toIncident } from '../models/incident-model.ts';
import { endFolds, insertNotice, markShown, OPENING_VERSION } from './incident-rows.ts';

interface Settling {
  readonly shown: Shown;
  readonly now: number;
  notice(incident: Incident): NewAlert;
}

/** @see IncidentRepository.settleLead, in a transaction that has the incident's row for itself. */
export async function settleLead(
  trx: Knex.Transaction,
  row: IncidentModel,
  settling: Settling,
): Promise<LeadEnd | undefined> {
  if (row.leadId === null) return undefined;
  const found = await AlertModel.query(trx).findById(row.leadId);
  if (found === undefined) return leadAnew(trx, row, settling);
  const lead = toAlertRecord(found);
  const { status, reason } = lead;
  if (!hasEnded(status) || status === 'queued' || status === 'sending') return undefined;
  return status === 'delivered'
    ? arrived(trx, row, { ...settling, messageId: lead.messageIds.at(isSingle(row) ? -1 : 0) ?? null })
    : end(trx, row, { status, reason, now: settling.now });
}

async function arrived(
  trx: Knex.Transaction,
  row: IncidentModel,
  { shown, messageId, now }: Settling & { readonly messageId: number | null },
): Promise<LeadEnd> {
  // Whatever else is known: the alert that opened it has at least shown itself. One of its own may lack its button.
  const least = row.leadId === row.id && !isSingle(row) ? OPENING_VERSION : 0;
  const shownVersion = Math.max(shown.version, least);
  const changed = { leadId: null, messageId, shownVersion };
  await IncidentModel.query(trx).patch(changed).where({ id: row.id });
  await markShown(trx, shown.textIds);
  const ended = await endFolds(
    trx,
    { id: row.id, version: shownVersion },
    { status: 'delivered', reason: null, now },
  );
  const incident = { ...toIncident(row), ...changed };
  return { incident, status: 'delivered', reason: null, ended };
}

async function end(
  trx: Knex.Transaction,
  row: IncidentModel,
  { status, reason, now }: Pick<LeadEnd, 'status' | 'reason'> & { readonly now: number },
): Promise<LeadEnd> {
  const { id, version } = row;
  const changed = {
    leadId: null,
    shownVersion: version,
    reply: null,
    hasButtons: 0,
    closedAt: row.closedAt ?? now,
    ...(row.closedAt === null ? { state: 'stale' as const } : {}),
  };
  await IncidentModel.query(trx).patch(changed).where({ id });
  const ended = await endFolds(trx, { id, version }, { status, reason, now });
  return { incident: { ...toIncident(row), ...changed, hasButtons: false }, status, reason, ended };
}

/** The queue refused the alert that opened it. */
async function leadAnew(
  trx: Knex.Transaction,
  row: IncidentModel,
  { now, notice }: Settling,
): Promise<LeadEnd | undefined> {
  const joined = await AlertModel.query(trx)
    .where({ incidentId: row.id, status: 'queued' })
    .whereNotNull('folded')
    .resultSize();
  if (joined === 0) {
    await IncidentModel.query(trx).deleteById(row.id);
    return undefined;
  }
  // None of them has a text to show: its end came before its beginning.
  if (row.textId === row.leadId) return end(trx, row, { status: 'failed', reason: 'lost', now });
  const lead = notice(toIncident(row));
  await insertNotice(trx, lead, { remaining: 0, incidentId: row.id });
  await IncidentModel.query(trx)
    .patch({ leadId: lead.id, count: raw('?? - 1', ['count']), changedAt: now })
    .where({ id: row.id });
  return undefined;
}
