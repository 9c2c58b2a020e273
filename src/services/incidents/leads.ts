import { mayChange } from '../../domain/acknowledgement.ts';
import type { AlertContent } from '../../domain/alert.ts';
import { textIdsOf } from '../../domain/digest.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IncidentRepository, Shown, ShownTexts, UpdateQueue } from '../ports/incidents.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { EndedSignal, MessageForm } from '../ports/queue.ts';
import type { PressButton, RenderedPart } from '../ports/telegram.ts';
import { createAnnounce } from './announce.ts';
import type { LivingMessages } from './living.ts';
import { noticeFor } from './notices.ts';

/** The alerts whose message becomes an incident's. */
export interface LeadAlerts {
  /**
   * What its message says now; undefined where it makes none any more, or the text is gone: it is an alert like others.
   * @throws RenderLimitError
   */
  read(
    incidentId: string,
    alertId: string,
    form: MessageForm,
  ): Promise<
    | {
        /** Once it has arrived. Version 0: its own text, as any alert. */
        readonly shown: Shown;
        /** Null: its own text, as any alert of it, which may be several messages. */
        readonly text: {
          readonly content: AlertContent;
          readonly simplicity: 0 | 1;
          readonly parts: readonly RenderedPart[];
        } | null;
        readonly keys: readonly PressButton[];
      }
    | undefined
  >;
  /** It has ended, however: what joined it ends likewise. Can be called again. @param shown what it said, as far as known */
  settle: SettleLead;
}

export type SettleLead = (incidentId: string, shown: Shown) => Promise<void>;

/** Nobody knows what the message shows. */
export const UNKNOWN: Shown = { version: 0, textIds: [] };

/** @see LeadAlerts.settle */
export function createSettleLead(deps: {
  incidents: Pick<IncidentRepository, 'settleLead' | 'find'>;
  integrations: Pick<IntegrationRepository, 'findById'>;
  cipher: Pick<PayloadCipher, 'hashChat' | 'newAlertId'>;
  texts: Pick<ShownTexts, 'keep' | 'drop'>;
  updates: UpdateQueue;
  ended: Pick<EndedSignal, 'publish'>;
  events: EventBus;
  clock: Clock;
}): SettleLead {
  const announce = createAnnounce(deps);
  return async (incidentId, shown) => {
    const now = deps.clock.now();
    const end = await deps.incidents.settleLead(incidentId, shown, now, (incident) =>
      noticeFor(deps.cipher.newAlertId(), { ...incident, now, silent: false }),
    );
    if (end === undefined) {
      // Refused, and others had joined it: one of our own takes its place.
      const incident = await deps.incidents.find(incidentId);
      if (incident?.leadId != null && incident.leadId !== incidentId) await deps.updates.add(incidentId);
      return;
    }
    const { incident, status, reason, ended } = end;
    const integration = await deps.integrations.findById(incident.integrationId);
    const chat = integration === undefined ? 'unknown' : deps.cipher.hashChat(integration.chatId);
    announce(ended, { integrationId: incident.integrationId, chat, status, reason, now });
    // Whoever took it in may not have come so far.
    if (status === 'delivered' && incident.closedAt === null)
      await Promise.all(textIdsOf(incident).map((id) => deps.texts.keep(id)));
    if (incident.version > incident.shownVersion) await deps.updates.add(incidentId);
    else if (!mayChange(incident)) await deps.texts.drop(textIdsOf(incident));
  };
}

export function createLeadAlerts(deps: {
  incidents: Pick<IncidentRepository, 'find'>;
  living: LivingMessages;
  settle: SettleLead;
}): LeadAlerts {
  return {
    async read(incidentId, alertId, { simplicity }) {
      const incident = await deps.incidents.find(incidentId);
      if (incident?.leadId !== alertId) return undefined;
      const { version } = incident;
      // A document cannot be edited: it is sent as any alert's is, and a later edit makes a new message, or, of an alert
      // without a key, gives it its button. One of our own has the newest text already: it must not be followed by the next.
      if (simplicity !== 0 && simplicity !== 1)
        return { shown: alertId === incidentId ? UNKNOWN : { version, textIds: [] }, text: null, keys: [] };
      const living = await deps.living.read(incident, simplicity);
      if (living === undefined) return undefined;
      const { text, keys, textIds } = living;
      return {
        shown: { version, textIds },
        text: text && { content: text.content, simplicity, parts: [text.part] },
        keys,
      };
    },
    settle: deps.settle,
  };
}
