import type { Knex } from 'knex';
import { type PartialModelObject, raw } from 'objection';
import { shownName } from '../../domain/integration.ts';
import type { AcceptingIntegration } from '../../services/ports/alerts.ts';
import type { KeyedAlert } from '../../services/ports/incidents.ts';
import { type AlertRow, toNewEntry } from '../alerts/alert-columns.ts';
import { BESIDE } from '../alerts/shown-name.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IncidentModel } from '../models/incident-model.ts';
import { IntegrationModel } from '../models/integration-model.ts';

/** What a batch of alerts is decided by, read once, and what has to be written, collected: two round trips of each kind. */
export interface BatchState {
  integration(alert: KeyedAlert): (IntegrationModel & { known: AcceptingIntegration }) | undefined;
  /** The entry that used the alert's idempotency key. */
  holder(alert: KeyedAlert): AlertModel | undefined;
  /** The holder's key is free again. */
  freeKey(holder: AlertModel): void;
  /** The incident of the alert's key that takes alerts, as earlier alerts of the batch have left it. */
  live(alert: KeyedAlert): IncidentModel | undefined;
  /** Changed or new. */
  put(incident: PartialModelObject<IncidentModel>): void;
  add(alert: KeyedAlert, more: Partial<AlertRow> & { readonly remaining: number }): void;
  write(): Promise<void>;
}

const keyOf = (one: { readonly integrationId: number; readonly keyHash: string }) =>
  `${one.integrationId} ${one.keyHash}`;

/** @param alerts no two of them have the same idempotency key */
export async function readBatch(trx: Knex.Transaction, alerts: readonly KeyedAlert[]): Promise<BatchState> {
  const ids = [...new Set(alerts.map(({ integrationId }) => integrationId))].sort((a, b) => a - b);
  const query = IntegrationModel.query(trx)
    .alias('i')
    .select('i.*', raw(BESIDE).as('beside'))
    .whereIn('i.id', ids)
    .orderBy('i.id')
    // A column that the model does not have.
    .castTo<(IntegrationModel & { beside: 1 | 2 | null })[]>();
  // In the order of accept's locks. Nobody else decides about these integrations' incidents meanwhile.
  const integrations = await (trx.client.driverName === 'pg' ? query.forUpdate() : query);
  const chatIds = integrations.map(({ chatId }) => chatId);
  const blocked: { chatId: number }[] = await trx('Chats')
    .select('chatId')
    .whereIn('chatId', chatIds)
    .whereNotNull('blockedAt');
  const incidents = await IncidentModel.query(trx)
    .whereIn('integrationId', ids)
    .whereIn('keyHash', [...new Set(alerts.map(({ keyHash }) => keyHash))])
    .whereNull('closedAt');
  const hashes = alerts.flatMap(({ idempotency }) => (idempotency === null ? [] : [idempotency.keyHash]));
  const holders =
    hashes.length === 0
      ? []
      : await AlertModel.query(trx).whereIn('integrationId', ids).whereIn('idempotencyKeyHash', hashes);

  const byId = new Map(integrations.map((row) => [row.id, row]));
  const blockedChats = new Set(blocked.map(({ chatId }) => chatId));
  const live = new Map(incidents.map((row) => [keyOf(row), row]));
  const changed = new Map<string, PartialModelObject<IncidentModel>>();
  const entries: object[] = [];
  const freed: string[] = [];

  return {
    integration({ integrationId }) {
      const row = byId.get(integrationId);
      return row && Object.assign(row, { known: toAccepting(row, blockedChats.has(row.chatId)) });
    },
    holder: ({ integrationId, idempotency }) =>
      holders.find(
        (row) => row.integrationId === integrationId && row.idempotencyKeyHash === idempotency?.keyHash,
      ),
    freeKey: ({ id }) => void freed.push(id),
    live: (alert) => live.get(keyOf(alert)),
    put(incident) {
      const row = IncidentModel.fromJson(incident, { skipValidation: true });
      changed.set(row.id, incident);
      if (row.closedAt === null) live.set(keyOf(row), row);
      else live.delete(keyOf(row));
    },
    add: (alert, more) => void entries.push({ ...toNewEntry(alert), ...more }),
    async write() {
      if (freed.length > 0)
        await AlertModel.query(trx).patch({ idempotencyKeyHash: null, bodyHash: null }).whereIn('id', freed);
      for (const { id, rateLimit, folded } of integrations)
        await IntegrationModel.query(trx).patch({ rateLimit, folded }).where({ id });
      // Closed ones first: a key has one incident that takes alerts.
      const rows = [...changed.values()].sort(
        (a, b) => Number(b.closedAt != null) - Number(a.closedAt != null),
      );
      for (const row of rows) await IncidentModel.query(trx).insert(row).onConflict('id').merge();
      // The table of columns gives each its value.
      if (entries.length > 0) await trx(AlertModel.tableName).insert(entries);
    },
  };
}

function toAccepting(
  {
    id,
    chatId,
    dailyLimit,
    status,
    unreachableSince,
    name,
    beside,
  }: IntegrationModel & { beside: 1 | 2 | null },
  isBlocked: boolean,
): AcceptingIntegration {
  return {
    ...{ id, chatId, dailyLimit, status, unreachableSince },
    ...(isBlocked ? { isBlocked } : {}),
    ...(beside === null ? {} : { shownName: shownName(id, { name, beside }) }),
  };
}
