import type { Knex } from 'knex';
import { createGroup, type Settled } from '../../async/batch.ts';
import { type IncidentRules, isStale, stepFor } from '../../domain/incident.ts';
import { whyCannotSend } from '../../domain/integration.ts';
import type { KeyedAlert, TakeInResult } from '../../services/ports/incidents.ts';
import { toAlertRecord } from '../alerts/alert-columns.ts';
import { firstOfEachKey } from '../alerts/first-of-each-key.ts';
import { isDataError, retryConflicts } from '../engine/conflicts.ts';
import type { IncidentModel } from '../models/incident-model.ts';
import { type BatchState, readBatch } from './batch-state.ts';
import { newIncident, toLive } from './incident-rows.ts';

/** Alerts per transaction: other writers wait for it. */
const MAX_BATCH = 256;

export interface TakeInOptions extends IncidentRules {
  /** Alerts of an integration that are folded per day (MAX_FOLDED). */
  readonly maxFolded: number;
  /** Life of an idempotency key, in ms. */
  readonly windowMs: number;
}

/** `takeIn` of the repository as a group commit; see the port's docstring. */
export function createTakeIn(
  knex: Knex,
  options: TakeInOptions,
): (alert: KeyedAlert) => Promise<TakeInResult> {
  async function takeAll(alerts: readonly KeyedAlert[]): Promise<Settled<TakeInResult>[]> {
    const settled = new Map<KeyedAlert, Settled<TakeInResult>>();
    // A repeat of a request sees what its first one has written.
    for (let round = firstOfEachKey(alerts); round.length > 0; ) {
      for (const [alert, answer] of await takeRound(round)) settled.set(alert, answer);
      round = firstOfEachKey(alerts.filter((alert) => !settled.has(alert)));
    }
    return alerts.map((alert) => settled.get(alert) ?? { ok: false, error: new Error('not decided') });
  }

  async function takeRound(
    alerts: readonly KeyedAlert[],
  ): Promise<(readonly [KeyedAlert, Settled<TakeInResult>])[]> {
    try {
      const results = await retryConflicts(() =>
        knex.transaction(async (trx) => {
          const state = await readBatch(trx, alerts);
          const taken = alerts.map((alert) => takeOne(state, alert, options));
          await state.write();
          return taken;
        }),
      );
      return alerts.map((alert, index) => [alert, settle(results[index])]);
    } catch (error) {
      // One that the database refuses must not refuse the others.
      if (alerts.length === 1 || !isDataError(error))
        return alerts.map((alert) => [alert, { ok: false, error }]);
      const settled = [];
      for (const alert of alerts) settled.push(...(await takeRound([alert])));
      return settled;
    }
  }

  return createGroup(takeAll, { maxItems: MAX_BATCH });
}

function settle(value: TakeInResult | undefined): Settled<TakeInResult> {
  return value === undefined ? { ok: false, error: new Error('not decided') } : { ok: true, value };
}

function takeOne(state: BatchState, alert: KeyedAlert, options: TakeInOptions): TakeInResult {
  const integration = state.integration(alert);
  if (integration === undefined || (alert.tokenHash !== null && alert.tokenHash !== integration.tokenHash))
    return { kind: 'token_invalid' };
  const { known } = integration;
  if (alert.namedChatId !== null && alert.namedChatId !== known.chatId)
    return { kind: 'chat_mismatch', integration: known };
  if (whyCannotSend(known) !== undefined) return { kind: 'not_active', integration: known };
  const holder = state.holder(alert);
  if (holder !== undefined && holder.createdAt > alert.createdAt - options.windowMs)
    return {
      kind: 'repeated',
      record: toAlertRecord(holder),
      bodyHash: holder.bodyHash ?? '',
      integration: known,
    };
  if (holder !== undefined) state.freeKey(holder);

  const live = state.live(alert);
  const step = stepFor(live && toLive(live), { ...alert, at: alert.createdAt }, options);
  if (step.kind === 'ignore') return { kind: 'ignored', integration: known };
  if (!('next' in step)) return open(state, alert, step.kind, { integration, live, options });
  if (live === undefined) throw new Error('an alert folds into nothing');
  return fold(state, alert, step, { integration, live, options });
}

type Integration = NonNullable<ReturnType<BatchState['integration']>>;

/** What an alert meets. */
interface Situation {
  readonly integration: Integration;
  readonly options: TakeInOptions;
}

function open(
  state: BatchState,
  alert: KeyedAlert,
  step: 'open' | 'message',
  { integration, live, options }: Situation & { readonly live: IncidentModel | undefined },
): TakeInResult {
  const { known, period } = integration;
  if (integration.rateLimit < 1) return { kind: 'quota_exhausted', integration: known };
  integration.rateLimit -= 1;
  const changed: string[] = [];
  if (live !== undefined && isStale(live, alert.createdAt, options)) {
    const { createdAt: now } = alert;
    state.put({ ...live, state: 'stale', closedAt: now, version: live.version + 1, changedAt: now });
    changed.push(live.id);
  }
  const remaining = integration.rateLimit;
  const incidentId = step === 'open' ? alert.id : null;
  const hasButtons = alert.acknowledge ?? integration.acknowledge === 1;
  state.add(alert, { remaining, incidentId, period });
  if (incidentId !== null) state.put(newIncident(alert, { hasButtons }));
  return { kind: 'accepted', remaining, integration: known, incidentId, changed };
}

function fold(
  state: BatchState,
  alert: KeyedAlert,
  step: Extract<ReturnType<typeof stepFor>, { readonly next: unknown }>,
  { integration, live, options }: Situation & { readonly live: IncidentModel },
): TakeInResult {
  const { known } = integration;
  if (integration.folded >= options.maxFolded)
    return { kind: 'folds_exhausted', remaining: integration.rateLimit, integration: known };
  integration.folded += 1;
  const { showsText, ...next } = step.next;
  const { id: alertId, createdAt: now } = alert;
  const version = live.version + 1;
  // What is on its way says it itself, and makes its own sound.
  const reply = live.leadId !== null ? null : step.kind === 'ring' ? 'again' : live.reply;
  const isEnd = step.kind === 'resolve';
  state.put({
    ...live,
    ...next,
    ...{ version, changedAt: now, reply },
    ...(showsText ? { textId: alertId } : {}),
    ...(alert.acknowledge === true ? { hasButtons: 1 } : {}),
    ...(isEnd ? { resolvedAt: now, closedAt: now, reply: live.leadId === null ? 'resolved' : null } : {}),
  });
  const remaining = integration.rateLimit;
  const incident = { incidentId: live.id, folded: 'incident', foldVersion: version } as const;
  // Its ttl is that of the message.
  state.add(alert, { ...incident, remaining, expiresAt: null });
  return {
    ...{ kind: 'folded', remaining, integration: known, incidentId: live.id, showsText },
    // One that is behind already is being looked at until it is not, or upkeep sees to it.
    changed: live.shownVersion < live.version ? [] : [live.id],
    supersededTextId: showsText ? live.textId : null,
  };
}
