import { isSingle, mayChange } from '../../domain/acknowledgement.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Incident } from '../../domain/incident.ts';
import { type Integration, isGroupChat } from '../../domain/integration.ts';
import type { SendOutcome } from '../../domain/outcome.ts';
import { RenderLimitError } from '../../domain/render-limit.ts';
import type { TelegramGuard } from '../delivery/telegram-guard.ts';
import type { IntegrationService } from '../integrations/integrations.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { EditPace, IncidentRepository, ShownTexts } from '../ports/incidents.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { AlertQueue, EndedSignal, Pace } from '../ports/queue.ts';
import { createAnnounce } from './announce.ts';
import type { Living, LivingForm, LivingMessages } from './living.ts';
import type { Replies, UpdateStep } from './replies.ts';

/** What became of one look at an incident. `called`: Telegram was called, so the edit of this moment is spent. */
export type Update = { readonly called: boolean } & (
  | { readonly kind: 'done' }
  /** Look again in `ms`. */
  | { readonly kind: 'later'; readonly ms: number }
);

export interface UpdateService {
  /** Makes the incident's message show what is true. Never throws for anything that Telegram does. */
  update(incidentId: string, stopping: AbortSignal): Promise<Update>;
}

/** An edit of which nobody knows whether it was made is made again after this time, in ms (the contract). */
const AGAIN_MS = 10_000;
/** After a certain non-delivery, in ms. */
const RETRY_MS = 500;

const DONE: UpdateStep = { kind: 'done' };
const AGAIN: UpdateStep = { kind: 'again' };
const later = (ms: number): UpdateStep => ({ kind: 'later', ms });

export interface UpdateDeps {
  readonly incidents: IncidentRepository;
  readonly integrations: Pick<IntegrationRepository, 'findById'>;
  readonly integrationService: Pick<IntegrationService, 'chatLost' | 'migrateChat'>;
  readonly living: LivingMessages;
  readonly texts: Pick<ShownTexts, 'keep' | 'drop'>;
  readonly replies: Replies;
  readonly guard: Pick<TelegramGuard, 'ready' | 'edit'>;
  readonly editPace: EditPace;
  readonly pace: Pick<Pace, 'block'>;
  readonly queue: Pick<AlertQueue, 'isOurs'>;
  readonly ended: Pick<EndedSignal, 'publish'>;
  readonly cipher: Pick<PayloadCipher, 'hashChat'>;
  readonly events: EventBus;
  readonly clock: Clock;
}

/** One incident, and where its message is. */
interface Target {
  readonly incident: Incident & { readonly messageId: number };
  readonly integration: Integration;
  readonly chat: string;
}

export function createUpdateService(deps: UpdateDeps): UpdateService {
  const { incidents, guard, clock, events } = deps;
  const announce = createAnnounce(deps);

  async function update(incidentId: string, stopping: AbortSignal): Promise<Update> {
    let called = false;
    for (;;) {
      const step = await look();
      if (step.kind !== 'again') return { ...step, called };
    }

    async function look(): Promise<UpdateStep> {
      await guard.ready(stopping);
      if (stopping.aborted) return later(0);
      const incident = await incidents.find(incidentId);
      if (incident === undefined) return DONE;
      const integration = await deps.integrations.findById(incident.integrationId);
      if (integration === undefined) throw new Error('an incident without an integration');
      const chat = deps.cipher.hashChat(integration.chatId);
      if (incident.leadId !== null) return deps.replies.ensureLead(incident, integration);
      const { messageId } = incident;
      if (messageId === null) return giveUp({ incident, chat }, 'lost');
      const target = { incident: { ...incident, messageId }, integration, chat };
      if (integration.status !== 'active') return giveUp(target, 'revoked');
      if (integration.unreachableSince !== null)
        return giveUp(target, integration.unreachableReason ?? 'unreachable');
      if (incident.shownVersion < incident.version) return edit(target);
      if (incident.reply !== null) return deps.replies.send(incident, integration);
      if (!mayChange(incident)) await deps.texts.drop([incident.textId]);
      return DONE;
    }

    async function edit(target: Target): Promise<UpdateStep> {
      const { incident, chat, integration } = target;
      const waitMs = await deps.editPace.take({ incidentId, chat, isGroup: isGroupChat(integration.chatId) });
      if (waitMs > 0) return later(waitMs);
      for (const form of [0, 1, 'buttons'] as const) {
        const living = await read(incident, form);
        if (living === 'too_slow') continue;
        if (living === undefined) {
          if (form !== 'buttons') continue;
          // Redis has lost it: what has changed is said by the reply alone.
          return shown(target, null);
        }
        let outcome = await call(target, living);
        if (outcome.kind === 'moments_refused') outcome = await call(target, living);
        const isGone = outcome.kind === 'failed' && outcome.reason === 'message_gone';
        // What is there no more needs no buttons.
        if (isGone && form === 'buttons') return shown(target, null);
        // An alert of its own is never sent anew; if it is a document, it still has buttons to change.
        if (outcome.kind === 'payload_rejected' || (isGone && isSingle(incident))) continue;
        return after(target, outcome, living.text === null ? null : incident.textId);
      }
      return giveUp(target, 'entities_invalid');
    }

    function call({ incident, integration }: Target, living: Living): Promise<SendOutcome> {
      called = true;
      const { text, button, keys } = living;
      const part = text?.part ?? null;
      return guard.edit({ chatId: integration.chatId, messageId: incident.messageId, part, button, keys });
    }
  }

  async function read(incident: Incident, form: LivingForm): Promise<Living | undefined | 'too_slow'> {
    try {
      return await deps.living.read(incident, form);
    } catch (error) {
      if (error instanceof RenderLimitError) return 'too_slow';
      throw error;
    }
  }

  async function after(target: Target, outcome: SendOutcome, textId: string | null): Promise<UpdateStep> {
    const { incident, integration, chat } = target;
    switch (outcome.kind) {
      case 'delivered':
        return shown(target, textId);
      case 'flood_wait': {
        const { retryAfterMs: waitMs } = outcome;
        const scope = await deps.pace.block(chat, waitMs);
        events.emit('telegram.rate_limited', { chat, scope, waitMs });
        return later(waitMs);
      }
      case 'uncertain':
        return later(AGAIN_MS);
      case 'migrated':
        await deps.integrationService.migrateChat(integration.chatId, outcome.chatId);
        return AGAIN;
      case 'failed':
        if (outcome.reason === 'message_not_modified') return shown(target, textId);
        if (outcome.reason === 'message_gone' && !isSingle(incident))
          return deps.replies.replace(incident, integration);
        if (outcome.chat === 'unreachable')
          await deps.integrationService.chatLost(integration.chatId, outcome.reason);
        return giveUp(target, outcome.reason);
      case 'never_sent':
      case 'halt':
        return later(RETRY_MS);
      case 'topic_gone':
      case 'moments_refused':
      case 'payload_rejected':
        return giveUp(target, 'entities_invalid');
    }
  }

  /** @param textId null: no text of an alert's was shown */
  async function shown({ incident, chat }: Target, textId: string | null): Promise<UpdateStep> {
    const now = clock.now();
    const ended = await incidents.markShown(incident.id, { version: incident.version, textId, now });
    announce(ended, { integrationId: incident.integrationId, chat, status: 'delivered', reason: null, now });
    if (textId !== null && incident.closedAt === null) await deps.texts.keep(textId);
    // There may be a reply, or more to show by now.
    return AGAIN;
  }

  async function giveUp(
    { incident, chat }: { incident: Incident; chat: string },
    reason: string,
  ): Promise<UpdateStep> {
    const now = clock.now();
    const ended = await incidents.giveUp(incident.id, { status: 'failed', reason, now });
    announce(ended, { integrationId: incident.integrationId, chat, status: 'failed', reason, now });
    await deps.texts.drop([incident.textId]);
    return DONE;
  }

  return { update };
}
