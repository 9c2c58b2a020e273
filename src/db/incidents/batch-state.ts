import type { Knex } from 'knex';
import { type PartialModelObject, raw } from 'objection';
import { shownName } from '../../domain/integration.ts';
import type { AcceptingIntegration, NewAlert } from '../../services/ports/alerts.ts';
import type { FoldingAlert } from '../../services/ports/incidents.ts';
import { type AlertRow, toNewEntry } from '../alerts/alert-columns.ts';
import { BESIDE } from '../alerts/shown-name.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IncidentModel } from '../models/incident-model.ts';
import { IntegrationModel } from '../models/integration-model.ts';
import { DIGEST_KEY } from './incident-rows.ts';

/**
 * What a batch of alerts is decided by, read once and locked, and what has to be written, collected: one statement for all
 * new entries and incidents, one for each row that changes.
 */
export interface BatchState {
  integration(alert: FoldingAlert): (IntegrationModel & { known: AcceptingIntegration }) | undefined;
  /** The entry that used the alert's idempotency key. */
  holder(alert: FoldingAlert): AlertModel | undefined;
  /** The holder's key is free again. */
  freeKey(holder: AlertModel): void;
  /** The incident of the alert's key that takes alerts, as earlier alerts of the batch have left it. */
  live(alert: FoldingAlert): IncidentModel | undefined;
  /** The digest of its integration that takes alerts, likewise. */
  digest(alert: FoldingAlert): IncidentModel | undefined;
  /** How many alerts of its integration wait to be sent, those of the batch included; 0 where it has no digest. */
  waiting(alert: FoldingAlert): number;
  /** One that is new. */
  open(incident: PartialModelObject<IncidentModel>): void;
  /** What of a live one is different now; nothing else of its row is written. */
  change(incident: IncidentModel, to: PartialModelObject<IncidentModel>): void;
  add(alert: NewAlert, more: Partial<AlertRow> & { readonly remaining: number }): void;
  write(): Promise<void>;
}

const keyOf = (one: { readonly integrationId: number; readonly keyHash: string | null }) =>
  `${one.integrationId} ${one.keyHash}`;

/** @param alerts no two of them have the same idempotency key */
export async function readBatch(trx: Knex.Transaction, alerts: readonly FoldingAlert[]): Promise<BatchState> {
  const ids = [...new Set(alerts.map(({ integrationId }) => integrationId))].sort((a, b) => a - b);
  const query = IntegrationModel.query(trx)
    .alias('i')
    .select('i.*', raw(BESIDE).as('beside'))
    .whereIn('i.id', ids)
    .orderBy('i.id')
    // A column that the model does not have.
    .castTo<(IntegrationModel & { beside: 1 | 2 | null })[]>();
  const isPostgres = trx.client.driverName === 'pg';
  // In the order of accept's locks: nobody else decides about these integrations' incidents meanwhile. Of a kind that lets
  // those pass who write a row that refers to its integration: they never wait for us.
  const integrations = await (isPostgres ? query.forNoKeyUpdate() : query);
  const chatIds = integrations.map(({ chatId }) => chatId);
  const blocked: { chatId: number }[] = await trx('Chats')
    .select('chatId')
    .whereIn('chatId', chatIds)
    .whereNotNull('blockedAt');
  const open = IncidentModel.query(trx)
    .whereIn('integrationId', ids)
    .whereIn('keyHash', [...new Set(alerts.flatMap(({ keyHash }) => keyHash ?? [])), DIGEST_KEY])
    .whereNull('closedAt')
    .orderBy('id');
  // Their messages are being edited, answered and replaced meanwhile. Integrations first, then incidents, then alerts.
  const incidents = await (isPostgres ? open.forUpdate() : open);
  const hashes = alerts.flatMap(({ idempotency }) => (idempotency === null ? [] : [idempotency.keyHash]));
  const holders =
    hashes.length === 0
      ? []
      : await AlertModel.query(trx).whereIn('integrationId', ids).whereIn('idempotencyKeyHash', hashes);

  const digesting = integrations.flatMap(({ id, overflow }) => (overflow === 'digest' ? [id] : []));
  const waiting = await countWaiting(trx, digesting);

  const byId = new Map(integrations.map((row) => [row.id, row]));
  const before = new Map(integrations.map(({ id, rateLimit, folded }) => [id, { rateLimit, folded }]));
  const blockedChats = new Set(blocked.map(({ chatId }) => chatId));
  const live = new Map(incidents.map((row) => [keyOf(row), row]));
  const opened: IncidentModel[] = [];
  const changes = new Map<string, PartialModelObject<IncidentModel>>();
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
    digest: ({ integrationId }) => live.get(keyOf({ integrationId, keyHash: DIGEST_KEY })),
    waiting: ({ integrationId }) => waiting.get(integrationId) ?? 0,
    open(incident) {
      const row = IncidentModel.fromJson(incident, { skipValidation: true });
      opened.push(row);
      live.set(keyOf(row), row);
    },
    change(incident, to) {
      Object.assign(incident, to);
      if (!opened.includes(incident)) changes.set(incident.id, { ...changes.get(incident.id), ...to });
      if (incident.closedAt !== null) live.delete(keyOf(incident));
    },
    add(alert, more) {
      // All rows of a statement have the same columns.
      entries.push({ ...toNewEntry(alert), notice: 0, ...more });
      const { integrationId, deliverAt } = alert;
      if (deliverAt === null && isWaiting(more))
        waiting.set(integrationId, (waiting.get(integrationId) ?? 0) + 1);
    },
    async write() {
      if (freed.length > 0)
        await AlertModel.query(trx).patch({ idempotencyKeyHash: null, bodyHash: null }).whereIn('id', freed);
      for (const { id, rateLimit, folded } of integrations) {
        const { rateLimit: units, folded: folds } = before.get(id) ?? {};
        if (rateLimit !== units || folded !== folds)
          await IntegrationModel.query(trx).patch({ rateLimit, folded }).where({ id });
      }
      // Before the new ones: a key has one incident that takes alerts.
      for (const [id, to] of changes) await IncidentModel.query(trx).patch(to).where({ id });
      if (opened.length > 0)
        await trx(IncidentModel.tableName).insert(opened.map((incident) => incident.toJSON()));
      // The table of columns gives each its value.
      if (entries.length > 0) await trx(AlertModel.tableName).insert(entries);
    },
  };
}

/** Alerts that wait to be sent, not counting those that are folded, for later, or our own. */
async function countWaiting(trx: Knex.Transaction, ids: readonly number[]): Promise<Map<number, number>> {
  if (ids.length === 0) return new Map();
  const rows: { integrationId: number; n: number | string }[] = await trx(AlertModel.tableName)
    .select('integrationId')
    .count({ n: '*' })
    .whereIn('status', ['queued', 'sending'])
    .whereNull('folded')
    .whereNull('deliverAt')
    .where({ notice: 0 })
    .whereIn('integrationId', [...ids])
    .groupBy('integrationId');
  return new Map(rows.map(({ integrationId, n }) => [integrationId, Number(n)]));
}

const isWaiting = ({ folded, notice }: Partial<AlertRow>) => folded === undefined && notice === undefined;

function toAccepting(
  {
    id,
    chatId,
    dailyLimit,
    status,
    unreachableSince,
    name,
    beside,
    acknowledge,
  }: IntegrationModel & { beside: 1 | 2 | null },
  isBlocked: boolean,
): AcceptingIntegration {
  return {
    ...{ id, chatId, dailyLimit, status, unreachableSince },
    ...(isBlocked ? { isBlocked } : {}),
    ...(acknowledge === 1 ? { acknowledge: true } : {}),
    ...(beside === null ? {} : { shownName: shownName(id, { name, beside }) }),
  };
}
