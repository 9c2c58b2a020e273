import type { Knex } from 'knex';
import { createGroup, type Settled } from '../../async/batch.ts';
import { DIGEST_QUIET_MS, overflows, withTitle } from '../../domain/digest.ts';
import { type IncidentRules, isStale, stepFor } from '../../domain/incident.ts';
import { whyCannotSend } from '../../domain/integration.ts';
import type { FoldingAlert, TakeInResult } from '../../services/ports/incidents.ts';
import { toAlertRecord } from '../alerts/alert-columns.ts';
import { firstOfEachKey } from '../alerts/first-of-each-key.ts';
import { isDataError, retryConflicts } from '../engine/conflicts.ts';
import { type IncidentModel, titleIdsOf } from '../models/incident-model.ts';
import { type BatchState, readBatch } from './batch-state.ts';
import { DIGEST_KEY, newIncident, OPENING_VERSION, staleAt, toLive } from './incident-rows.ts';

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
): (alert: FoldingAlert) => Promise<TakeInResult> {
  async function takeAll(alerts: readonly FoldingAlert[]): Promise<Settled<TakeInResult>[]> {
    const settled = new Map<FoldingAlert, Settled<TakeInResult>>();
    // A repeat of a request sees what its first one has written.
    for (let round = firstOfEachKey(alerts); round.length > 0; ) {
      for (const [alert, answer] of await takeRound(round)) settled.set(alert, answer);
      round = firstOfEachKey(alerts.filter((alert) => !settled.has(alert)));
    }
    return alerts.map((alert) => settled.get(alert) ?? { ok: false, error: new Error('not decided') });
  }

  async function takeRound(
    alerts: readonly FoldingAlert[],
  ): Promise<(readonly [FoldingAlert, Settled<TakeInResult>])[]> {
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

function takeOne(state: BatchState, alert: FoldingAlert, options: TakeInOptions): TakeInResult {
  const integration = state.integration(alert);
  if (integration === undefined || (alert.tokenHash !== null && alert.tokenHash !== integration.tokenHash))
    return { kind: 'token_invalid' };
  const { known } = integration;
  if (alert.namedChatId !== null && alert.namedChatId !== known.chatId)
    return { kind: 'chat_mismatch', integration: known };
  if (whyCannotSend(known) !== undefined) return { kind: 'not_active', integration: known };
  const holder = state.holder(alert);
  const windowMs = alert.idempotency?.windowMs ?? options.windowMs;
  if (holder !== undefined && holder.createdAt > alert.createdAt - windowMs)
    return {
      kind: 'repeated',
      record: toAlertRecord(holder),
      bodyHash: holder.bodyHash ?? '',
      integration: known,
    };
  if (holder !== undefined) state.freeKey(holder);

  const situation = { integration, options };
  const live = state.live(alert);
  const { keyHash } = alert;
  const step =
    keyHash === null ? MESSAGE : stepFor(live && toLive(live), { ...alert, at: alert.createdAt }, options);
  if (step.kind === 'ignore') return { kind: 'ignored', integration: known };
  if ('next' in step) return fold(state, alert, step, { ...situation, live: present(live) });
  if (isBeyond(state, alert, integration)) return foldIntoDigest(state, alert, situation);
  const opens = step.kind === 'open' && keyHash !== null ? { ...alert, keyHash } : undefined;
  return open(state, alert, { ...situation, live, opens });
}

/** Whether it goes into the digest. One for later cannot: it could not be shown now. */
function isBeyond(state: BatchState, alert: FoldingAlert, { overflow, rateLimit }: Integration): boolean {
  if (overflow === 'refuse' || alert.deliverAt !== null) return false;
  const digest = state.digest(alert);
  const hasDigest = digest !== undefined && !isStale(digest, alert.createdAt, { staleMs: DIGEST_QUIET_MS });
  return overflows({ units: rateLimit, waiting: state.waiting(alert), hasDigest });
}

/** An alert without a key is a message, whatever incidents there are. */
const MESSAGE = { kind: 'message' } as const;

type Integration = NonNullable<ReturnType<BatchState['integration']>>;

/** What an alert meets. */
interface Situation {
  readonly integration: Integration;
  readonly options: TakeInOptions;
}

function open(
  state: BatchState,
  alert: FoldingAlert,
  {
    integration,
    live,
    options,
    opens,
  }: Situation & {
    readonly live: IncidentModel | undefined;
    /** The alert, if it opens an incident. */
    readonly opens: Parameters<typeof newIncident>[0] | undefined;
  },
): TakeInResult {
  const { known, period } = integration;
  if (integration.rateLimit < 1) return { kind: 'quota_exhausted', integration: known };
  integration.rateLimit -= 1;
  const changed: string[] = [];
  if (live !== undefined && isStale(live, alert.createdAt, options)) {
    state.change(live, staleAt(alert.createdAt));
    changed.push(live.id);
  }
  const remaining = integration.rateLimit;
  const incidentId = opens?.id ?? null;
  const hasButtons = alert.acknowledge ?? integration.acknowledge === 1;
  state.add(alert, { remaining, incidentId, period });
  if (opens !== undefined) state.open(newIncident(opens, { hasButtons }));
  return { kind: 'accepted', remaining, integration: known, incidentId, changed };
}

/** The digest is an incident of a key that the service makes. */
function foldIntoDigest(state: BatchState, alert: FoldingAlert, situation: Situation): TakeInResult {
  const { integration, options } = situation;
  const live = state.digest(alert);
  const rules = { ...options, staleMs: DIGEST_QUIET_MS };
  const step = stepFor(live && toLive(live), { ...alert, at: alert.createdAt, resolve: false }, rules);
  if ('next' in step) return fold(state, alert, step, { ...situation, live: present(live) });
  if (integration.folded >= options.maxFolded) return foldsExhausted(integration);
  integration.folded += 1;
  if (live !== undefined) state.change(live, staleAt(alert.createdAt));
  const notice = alert.notice();
  const { id } = alert;
  const version = OPENING_VERSION;
  // Many problems, and over soon: nobody takes it by a button.
  const opened = newIncident({ ...alert, keyHash: DIGEST_KEY }, { hasButtons: false });
  const digest = { ...opened, leadId: notice.id, titleIds: id };
  state.open(digest);
  const remaining = integration.rateLimit;
  state.add(notice, { remaining: 0, incidentId: id, notice: 1 });
  state.add(alert, { remaining, incidentId: id, folded: 'digest', foldVersion: version, expiresAt: null });
  return {
    ...{ kind: 'folded', into: 'digest', remaining, integration: integration.known },
    ...{ incidentId: id, showsText: true, supersededTextId: null },
    changed: live === undefined ? [id] : [live.id, id],
  };
}

function fold(
  state: BatchState,
  alert: FoldingAlert,
  step: Extract<ReturnType<typeof stepFor>, { readonly next: unknown }>,
  { integration, live, options }: Situation & { readonly live: IncidentModel },
): TakeInResult {
  if (integration.folded >= options.maxFolded) return foldsExhausted(integration);
  integration.folded += 1;
  const { showsText, ...next } = step.next;
  const { id: alertId, createdAt: now } = alert;
  const version = live.version + 1;
  // What is on its way says it itself, and makes its own sound.
  const reply = live.leadId !== null ? null : step.kind === 'ring' ? 'again' : live.reply;
  const isEnd = step.kind === 'resolve';
  const shown = showsText ? shownNext(live, alertId) : undefined;
  // One that is behind already is being looked at until it is not, or upkeep sees to it.
  const changed = live.shownVersion < live.version ? [] : [live.id];
  state.change(live, {
    ...next,
    ...{ version, changedAt: now, reply },
    ...shown?.columns,
    ...(alert.acknowledge === true && live.titleIds === null ? { hasButtons: 1 } : {}),
    ...(isEnd ? { resolvedAt: now, closedAt: now, reply: live.leadId === null ? 'resolved' : null } : {}),
  });
  const remaining = integration.rateLimit;
  const into = live.titleIds === null ? 'incident' : 'digest';
  // Its ttl is that of the message.
  const folded = { incidentId: live.id, folded: into, foldVersion: version, expiresAt: null } as const;
  state.add(alert, { ...folded, remaining });
  return {
    ...{ kind: 'folded', into, remaining, integration: integration.known, incidentId: live.id },
    ...{ showsText, changed },
    supersededTextId: shown?.dropped ?? null,
  };
}

/** What the message shows with this alert, and whose text it shows no longer. */
function shownNext(live: IncidentModel, alertId: string) {
  const titles = titleIdsOf(live);
  if (titles === null) return { columns: { textId: alertId }, dropped: live.textId };
  const { titleIds, dropped } = withTitle(titles, alertId);
  return { columns: { textId: alertId, titleIds: titleIds.join(',') }, dropped };
}

function foldsExhausted({ rateLimit: remaining, known: integration }: Integration): TakeInResult {
  return { kind: 'folds_exhausted', remaining, integration };
}

function present(live: IncidentModel | undefined): IncidentModel {
  if (live === undefined) throw new Error('an alert folds into nothing');
  return live;
}
