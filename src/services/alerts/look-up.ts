import type { AlertRecord } from '../../domain/alert.ts';
import type { Incident } from '../../domain/incident.ts';
import { inTime } from '../in-time.ts';
import type { AlertLedger } from '../ports/alerts.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IncidentRepository } from '../ports/incidents.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { WaitReason, WhyWaiting } from './wait-reason.ts';

/** An entry of the ledger's, as operators see it: nothing that its sender wrote. */
export interface LookedUpAlert {
  readonly record: AlertRecord;
  /** The integration's name; null: it is gone. */
  readonly integration: string | null;
  /** The chat's keyed hash; null: its integration is gone. */
  readonly chat: string | null;
  readonly incident: Incident | null;
  /** Why it is not being sent yet; null where it does not wait, or nobody knows. */
  readonly wait: WaitReason | null;
}

/** Whose ever it is. Undefined: there is none, or it was forgotten. @throws AppError database_unavailable */
export type LookUp = (id: string) => Promise<LookedUpAlert | undefined>;

const AGAIN = 'Ask again in a few seconds.';

export function createLookUp(deps: {
  ledger: Pick<AlertLedger, 'find'>;
  integrations: Pick<IntegrationRepository, 'findById'>;
  incidents: Pick<IncidentRepository, 'find'>;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  whyWaiting: WhyWaiting;
}): LookUp {
  async function askWhy(record: AlertRecord, chat: string | null): Promise<WaitReason | null> {
    // What was folded waits for an edit, which has no turn.
    if (record.status !== 'queued' || chat === null || record.folded !== null) return null;
    const { id, deliverAt } = record;
    const reasons = await deps.whyWaiting([{ id, chat, deliverAt }]).catch(() => []);
    return reasons[0] ?? null;
  }

  return async (id) => {
    const record = await inTime(() => deps.ledger.find(id), AGAIN);
    if (record === undefined) return undefined;
    const { incidentId, integrationId } = record;
    const [integration, incident] = await inTime(
      () =>
        Promise.all([
          deps.integrations.findById(integrationId),
          incidentId === null ? undefined : deps.incidents.find(incidentId),
        ]),
      AGAIN,
    );
    const chat = integration === undefined ? null : deps.cipher.hashChat(integration.chatId);
    return {
      ...{ record, integration: integration?.name ?? null, chat, incident: incident ?? null },
      wait: await askWhy(record, chat),
    };
  };
}
