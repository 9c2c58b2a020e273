import { isSingle, mayChange } from '../../domain/acknowledgement.ts';
import type { AlertContent } from '../../domain/alert.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IncidentRepository, ShownTexts, UpdateQueue } from '../ports/incidents.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { EndedSignal, MessageForm } from '../ports/queue.ts';
import type { PressButton, RenderedPart } from '../ports/telegram.ts';
import { createAnnounce } from './announce.ts';
import type { LivingMessages } from './living.ts';
import { noticeFor } from './notices.ts';

/** The alerts whose message becomes an incident's. */
export interface LeadAlerts {
  /**
   * What its message says now; undefined where it makes none any more, or its text is gone: it is an alert like others.
   * @throws RenderLimitError
   */
  read(
    incidentId: string,
    alertId: string,
    form: MessageForm,
  ): Promise<
    | {
        /** Undefined: as any alert of its text, which is more than one message holds. */
        readonly text:
          | {
              readonly content: AlertContent;
              readonly simplicity: 0 | 1;
              readonly parts: readonly RenderedPart[];
            }
          | undefined;
        readonly keys: readonly PressButton[];
        readonly version: number;
      }
    | undefined
  >;
  /** It has ended, however: what joined it ends likewise. Can be called again. @param shownVersion what it said; 0: unknown */
  settle: SettleLead;
}

export type SettleLead = (incidentId: string, shownVersion: number) => Promise<void>;

/** @see LeadAlerts.settle */
export function createSettleLead(deps: {
  incidents: Pick<IncidentRepository, 'settleLead' | 'find'>;
  integrations: Pick<IntegrationRepository, 'findById'>;
  cipher: Pick<PayloadCipher, 'hashChat' | 'newAlertId'>;
  texts: Pick<ShownTexts, 'drop'>;
  updates: UpdateQueue;
  ended: Pick<EndedSignal, 'publish'>;
  events: EventBus;
  clock: Clock;
}): SettleLead {
  const announce = createAnnounce(deps);
  return async (incidentId, shownVersion) => {
    const now = deps.clock.now();
    const end = await deps.incidents.settleLead(incidentId, shownVersion, now, (incident) =>
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
    if (incident.version > incident.shownVersion) await deps.updates.add(incidentId);
    else if (!mayChange(incident)) await deps.texts.drop([incident.textId]);
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
      // A document cannot be edited: it is sent as any alert's is, and a later edit makes a new message. One of its own gets
      // its buttons by an edit.
      if (simplicity !== 0 && simplicity !== 1)
        return isSingle(incident) ? { text: undefined, keys: [], version: 0 } : undefined;
      const living = await deps.living.read(incident, simplicity);
      if (living === undefined) return undefined;
      const { text, keys } = living;
      return {
        text: text === null ? undefined : { content: text.content, simplicity, parts: [text.part] },
        keys,
        version: incident.version,
      };
    },
    settle: deps.settle,
  };
}
