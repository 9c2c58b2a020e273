import { isSingle, mayChange } from '../../domain/acknowledgement.ts';
import { textIdsOf } from '../../domain/digest.ts';
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
import type { Living, LivingMessages } from './living.ts';
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
/** One of another installation's is left to it, and looked at again after this time, in ms. */
const FOREIGN_MS = 60_000;
/** After a certain non-delivery, in ms. */
const RETRY_MS = 500;

const DONE: UpdateStep = { kind: 'done' };
const AGAIN: UpdateStep = { kind: 'again' };
const later = (ms: number): UpdateStep => ({ kind: 'later', ms });

interface UpdateDeps {
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
      if (incident === undefined) return (await deps.queue.isOurs()) ? DONE : later(FOREIGN_MS);
      const integration = await deps.integrations.findById(incident.integrationId);
      if (integration === undefined) throw new Error('an incident without an integration');
      const chat = deps.cipher.hashChat(integration.chatId);
      if (incident.leadId !== null) return deps.replies.ensureLead(incident, integration);
      const { messageId } = incident;
      if (messageId === null) return giveUp({ incident, chat }, 'lost');
      const target = { incident: { ...incident, messageId }, integration, chat };
      if (integration.status !== 'active') return giveUp(target, 'revoked');
      if (integration.isBlocked) return giveUp(target, 'blocked');
      if (integration.unreachableSince !== null)
        return giveUp(target, integration.unreachableReason ?? 'unreachable');
      if (incident.shownVersion < incident.version) return edit(target);
      if (incident.reply !== null) return deps.replies.send(incident, integration);
      if (!mayChange(incident)) await deps.texts.drop(textIdsOf(incident));
      return DONE;
    }

    async function edit(seen: Target): Promise<UpdateStep> {
      const { chat, integration } = seen;
      const waitMs = await deps.editPace.take({ incidentId, chat, isGroup: isGroupChat(integration.chatId) });
      if (waitMs > 0) return later(waitMs);
      for (const simplicity of [0, 1] as const) {
        const current = await readNow(seen, simplicity);
        if (current === undefined) return AGAIN;
        const { living, target } = current;
        if (living === 'too_slow') continue;
        if (living === undefined) return editButtons(target);
        let outcome = await call(target, living);
        if (outcome.kind === 'moments_refused') outcome = await call(target, living);
        // An alert of its own is never sent anew; if it is a document, it still has buttons to change.
        if (isGone(outcome) && isSingle(target.incident)) return editButtons(target);
        if (outcome.kind !== 'payload_rejected')
          return after(target, outcome, () => shown(target, living.textIds));
      }
      return isSingle(seen.incident) ? editButtons(seen) : giveUp(seen, 'entities_invalid');
    }

    /** Where its text cannot be edited, the buttons still say who has it. */
    async function editButtons(target: Target): Promise<UpdateStep> {
      const done = () => (isSingle(target.incident) ? shown(target, []) : lost(target));
      const living = await deps.living.buttons(target.incident);
      if (living === undefined) return done();
      const outcome = await call(target, living);
      // What is there no more needs no buttons.
      return isGone(outcome) ? done() : after(target, outcome, done);
    }

    function call({ incident, integration }: Target, living: Living): Promise<SendOutcome> {
      called = true;
      const { text, links, keys } = living;
      const part = text?.part ?? null;
      return guard.edit({ chatId: integration.chatId, messageId: incident.messageId, part, links, keys });
    }
  }

  /**
   * What is true now. The next alert may take a text's place at any moment, and drops it: what is missing is lost only if the
   * incident is still the same. Undefined: its message is another one by now.
   */
  async function readNow(seen: Target, simplicity: 0 | 1) {
    for (let target = seen; ; ) {
      const { id, messageId, version } = target.incident;
      const living = await read(target.incident, simplicity);
      if (isWhole(living, target.incident)) return { target, living };
      const now = await incidents.find(id);
      if (now?.messageId !== messageId) return undefined;
      if (now.version === version) return { target, living };
      target = { ...target, incident: { ...now, messageId } };
    }
  }

  async function read(incident: Incident, simplicity: 0 | 1): Promise<Living | undefined | 'too_slow'> {
    try {
      return await deps.living.read(incident, simplicity);
    } catch (error) {
      if (error instanceof RenderLimitError) return 'too_slow';
      throw error;
    }
  }

  /** @param done once the message shows it */
  async function after(
    target: Target,
    outcome: SendOutcome,
    done: () => Promise<UpdateStep>,
  ): Promise<UpdateStep> {
    const { integration, chat } = target;
    switch (outcome.kind) {
      case 'delivered':
        return done();
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
        if (outcome.reason === 'message_not_modified') return done();
        if (outcome.reason === 'message_gone') return deps.replies.replace(target.incident, integration);
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

  async function shown({ incident, chat }: Target, textIds: readonly string[]): Promise<UpdateStep> {
    const now = clock.now();
    const { integrationId, version } = incident;
    const ended = await incidents.markShown(incident.id, { version, textIds }, now);
    announce(ended, { integrationId, chat, status: 'delivered', reason: null, now });
    if (incident.closedAt === null) await Promise.all(textIds.map((id) => deps.texts.keep(id)));
    // There may be a reply, or more to show by now.
    return AGAIN;
  }

  /** Redis has lost what it shows: its text cannot be edited, and what has changed is said by a reply. */
  async function lost({ incident, chat }: Target): Promise<UpdateStep> {
    const now = clock.now();
    const { integrationId, version } = incident;
    const ended = await incidents.markLost(incident.id, { version, now });
    announce(ended, { integrationId, chat, status: 'failed', reason: 'lost', now });
    return AGAIN;
  }

  async function giveUp(
    { incident, chat }: { incident: Incident; chat: string },
    reason: string,
  ): Promise<UpdateStep> {
    const now = clock.now();
    const ended = await incidents.giveUp(incident.id, { status: 'failed', reason, now });
    announce(ended, { integrationId: incident.integrationId, chat, status: 'failed', reason, now });
    await deps.texts.drop(textIdsOf(incident));
    return DONE;
  }

  return { update };
}

function isGone(outcome: SendOutcome): boolean {
  return outcome.kind === 'failed' && outcome.reason === 'message_gone';
}

/** Nothing of what it is to show is missing. */
function isWhole(living: Living | undefined | 'too_slow', incident: Incident): boolean {
  if (living === undefined || living === 'too_slow') return living === 'too_slow';
  return living.textIds.length === textIdsOf(incident).length;
}
