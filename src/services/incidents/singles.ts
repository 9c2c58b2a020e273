import type { Deadline } from '../../async/deadline.ts';
import { AppError } from '../../domain/errors.ts';
import { contentOf, type QueueEntry, type Source, tooLate } from '../alerts/queue-entry.ts';
import { NOT_ACCEPTED } from '../alerts/refusals.ts';
import { databaseUnavailable } from '../in-time.ts';
import type { AlertLedger, NewAlert } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IncidentRepository, ShownTexts } from '../ports/incidents.ts';
import { type SettleLead, UNKNOWN } from './leads.ts';

/** Alerts without a key that can be acknowledged: each is an incident of its own. */
export interface Singles {
  /**
   * Puts an alert without a key that was accepted into the queue: with a button, if it or its integration asks for one; then
   * its text is kept for the edit. Where that fails it is withdrawn.
   * @throws AppError database_unavailable, and as `QueueEntry.enter`
   */
  enter(alert: NewAlert, source: Source, deadline: Deadline): Promise<void>;
}

export function createSingles(deps: {
  incidents: Pick<IncidentRepository, 'openSingle'>;
  ledger: Pick<AlertLedger, 'withdraw'>;
  texts: Pick<ShownTexts, 'put' | 'keep' | 'drop'>;
  cipher: Pick<PayloadCipher, 'seal'>;
  settleLead: SettleLead;
  queueEntry: Pick<QueueEntry, 'enter'>;
  clock: Clock;
}): Singles {
  const { incidents, ledger, texts, queueEntry, clock } = deps;

  async function keepText({ id, deliverAt }: NewAlert, { request, integration }: Source): Promise<void> {
    await texts.put(id, deps.cipher.seal(contentOf(request, integration.shownName), id));
    await texts.keep(id, Math.max(0, (deliverAt ?? 0) - clock.now()));
  }

  async function drop(alertId: string): Promise<void> {
    await Promise.allSettled([deps.settleLead(alertId, UNKNOWN), texts.drop([alertId])]);
  }

  async function open(alert: NewAlert, source: Source, deadline: Deadline): Promise<void> {
    const dropLate = () => void drop(alert.id);
    try {
      await deadline.run(() => keepText(alert, source), dropLate).catch(refuse(tooLate));
      await deadline
        .run(() => incidents.openSingle(alert, true), dropLate)
        .catch(refuse((error) => databaseUnavailable(error, NOT_ACCEPTED)));
    } catch (refusal) {
      await ledger.withdraw(alert.id, alert.integrationId).catch(() => undefined);
      await drop(alert.id);
      throw refusal;
    }
  }

  return {
    async enter(alert, source, deadline) {
      const hasButton = source.request.acknowledge ?? source.integration.acknowledge ?? false;
      if (!hasButton) return queueEntry.enter(alert, source, deadline);
      await open(alert, source, deadline);
      try {
        await queueEntry.enter(alert, { ...source, incidentId: alert.id }, deadline);
      } catch (refusal) {
        // Withdrawn.
        await drop(alert.id);
        throw refusal;
      }
    },
  };
}

function refuse(as: (error: unknown) => AppError): (error: unknown) => never {
  return (error) => {
    throw error instanceof AppError ? error : as(error);
  };
}
