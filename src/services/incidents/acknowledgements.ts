import { BY_PROGRAM, isOver, type Press } from '../../domain/acknowledgement.ts';
import type { AlertRecord } from '../../domain/alert.ts';
import type { Incident } from '../../domain/incident.ts';
import { inTime } from '../in-time.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IncidentRepository, UpdateQueue } from '../ports/incidents.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { EndedSignal } from '../ports/queue.ts';
import { type SettleLead, UNKNOWN } from './leads.ts';

/** Who acknowledged, and when (epoch ms). `by` null: it cannot be read any more. */
export interface Acknowledgement {
  readonly at: number;
  readonly by: string | null;
}

/**
 * What is true after a press. `unknown`: the chat has no such thing; `over`: resolved, stale, or too long ago. Else what it
 * is now; `isNew`: by this press.
 */
export type Pressed =
  | { readonly kind: 'unknown' | 'over' }
  | { readonly kind: 'acknowledged'; readonly isNew: boolean; readonly acknowledgement: Acknowledgement }
  | { readonly kind: 'open'; readonly isNew: boolean };

export interface Acknowledgements {
  /**
   * Somebody who may has pressed a button in the chat. Its data may be made up, or be that of another chat's.
   * @throws AppError database_unavailable
   */
  press(
    press: Press,
    incidentId: string,
    by: { readonly chatId: number; readonly name: string },
  ): Promise<Pressed>;
  /** A program has taken it. What is acknowledged or over stays as it is. @throws AppError database_unavailable */
  acknowledge(alert: AlertRecord): Promise<void>;
  of(incident: Incident): Acknowledgement | null;
}

const MEANING = 'It may be written down all the same.';

export function createAcknowledgements(deps: {
  incidents: Pick<IncidentRepository, 'find' | 'press' | 'openSingle'>;
  integrations: Pick<IntegrationRepository, 'findById'>;
  updates: UpdateQueue;
  settleLead: SettleLead;
  ended: Pick<EndedSignal, 'publish'>;
  cipher: Pick<PayloadCipher, 'sealName' | 'openName'>;
  clock: Clock;
  /** BUTTON_HOURS */
  keepTextMs: number;
}): Acknowledgements {
  const { incidents, cipher, clock } = deps;

  const of = ({ id, acknowledgedAt, acknowledgedBy }: Incident): Acknowledgement | null =>
    acknowledgedAt === null
      ? null
      : { at: acknowledgedAt, by: cipher.openName(acknowledgedBy ?? '', id) ?? null };

  async function write(id: string, press: Press, name: string) {
    const by = { sealedName: cipher.sealName(name, id), now: clock.now() };
    const pressed = await inTime(() => incidents.press(id, press, by), MEANING);
    if (pressed?.changed) {
      // Upkeep makes up for what fails here.
      await deps.updates.add(id).catch(() => undefined);
      deps.ended.publish(id);
    }
    return pressed;
  }

  /** Of this very chat, and there. */
  async function findIn(chatId: number, id: string): Promise<'active' | 'over' | undefined> {
    const incident = await incidents.find(id);
    const integration = incident && (await deps.integrations.findById(incident.integrationId));
    if (incident === undefined || integration?.chatId !== chatId || !incident.hasButtons) return undefined;
    const isOld = clock.now() - incident.lastAt >= deps.keepTextMs;
    return isOld || isOver(incident) || integration.status !== 'active' ? 'over' : 'active';
  }

  return {
    of,

    async press(press, incidentId, { chatId, name }) {
      const found = await inTime(() => findIn(chatId, incidentId), MEANING);
      if (found !== 'active') return { kind: found ?? 'unknown' };
      const pressed = await write(incidentId, press, name);
      if (pressed === undefined) return { kind: 'unknown' };
      const { incident, changed: isNew } = pressed;
      if (isOver(incident)) return { kind: 'over' };
      const acknowledgement = of(incident);
      return acknowledgement === null
        ? { kind: 'open', isNew }
        : { kind: 'acknowledged', isNew, acknowledgement };
    },

    async acknowledge(alert) {
      const { id, incidentId, hasButton } = alert;
      if (incidentId !== null) return void (await write(incidentId, 'acknowledge', BY_PROGRAM));
      // Its text is gone: only a button can say it, which would take the place of its link.
      await inTime(() => incidents.openSingle(alert, !hasButton), MEANING);
      await write(id, 'acknowledge', BY_PROGRAM);
      await deps.settleLead(id, UNKNOWN).catch(() => undefined);
    },
  };
}
