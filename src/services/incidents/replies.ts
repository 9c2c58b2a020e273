import { AppError } from '../../domain/errors.ts';
import type { Incident, IncidentReply } from '../../domain/incident.ts';
import { type Integration, isGroupChat } from '../../domain/integration.ts';
import type { NewAlert } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IncidentRepository } from '../ports/incidents.ts';
import type { AlertJob, AlertQueue } from '../ports/queue.ts';
import type { LivingMessages } from './living.ts';
import { dateText, durationText } from './living-line.ts';
import { noticeFor } from './notices.ts';

/** A queue that takes nothing now is asked again after this time, in ms. */
const FULL_MS = 2_000;
/** Alerts go first; whether any are left is looked at this often, for so long, in ms. */
const ALERTS_FIRST_MS = 1_000;
const PATIENCE_MS = 30_000;

/** What follows from a look at an incident: nothing, another look in `ms`, or one at once. */
export type UpdateStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly ms: number }
  | { readonly kind: 'again' };

/** The messages that an incident makes besides its first one: entries of the ledger, each sent at most once. */
export interface Replies {
  /** The short reply that is still to be sent. */
  send(incident: Incident, integration: Integration): Promise<UpdateStep>;
  /** A new message in place of the one that cannot be edited. */
  replace(incident: Incident & { readonly messageId: number }, integration: Integration): Promise<UpdateStep>;
  /** Puts a message of our own that is to become the incident's into the queue, unless it is there. */
  ensureLead(incident: Incident, integration: Integration): Promise<UpdateStep>;
}

export function createReplies(deps: {
  incidents: Pick<IncidentRepository, 'takeReply' | 'putReplyBack' | 'replaceMessage'>;
  queue: Pick<AlertQueue, 'add' | 'existing' | 'counts'>;
  living: LivingMessages;
  cipher: Pick<PayloadCipher, 'newAlertId' | 'seal' | 'hashChat'>;
  clock: Clock;
  timeZone: string;
}): Replies {
  const { incidents, queue, living, cipher, clock } = deps;

  function noticeOf({ integrationId, threadId }: Incident, silent: boolean): NewAlert {
    return noticeFor(cipher.newAlertId(), { integrationId, threadId, silent, now: clock.now() });
  }

  const toJob = ({ id, chatId }: Integration, alertId: string, incidentId?: string): AlertJob => ({
    ...{ alertId, integrationId: id, chat: cipher.hashChat(chatId), isGroup: isGroupChat(chatId) },
    ...{ priority: 'normal', deliverAt: null, bytes: null },
    ...(incidentId === undefined ? {} : { incidentId }),
  });

  async function alertsWait({ lastAt, resolvedAt }: Incident): Promise<boolean> {
    if (clock.now() - Math.max(lastAt, resolvedAt ?? 0) > PATIENCE_MS) return false;
    const { prioritized, waiting } = await queue.counts();
    return prioritized + waiting > 0;
  }

  async function ensureLead(incident: Incident, integration: Integration): Promise<UpdateStep> {
    const { id, leadId } = incident;
    // The alert that opened it is put there by whoever took it in.
    if (leadId === null || leadId === id) return { kind: 'done' };
    if ((await queue.existing([leadId])).has(leadId)) return { kind: 'done' };
    const content = (await living.content(incident)) ?? { message: '…', format: 'plain' as const };
    try {
      await queue.add(toJob(integration, leadId, id), cipher.seal(content, leadId));
      return { kind: 'done' };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { kind: 'later', ms: FULL_MS };
    }
  }

  return {
    ensureLead,

    async send(incident, integration) {
      const { id, reply, messageId } = incident;
      if (reply === null || messageId === null) return { kind: 'done' };
      if (await alertsWait(incident)) return { kind: 'later', ms: ALERTS_FIRST_MS };
      const notice = noticeOf(incident, reply === 'counted' || reply === 'stale');
      const title = (await living.content(incident))?.title;
      if (!(await incidents.takeReply(id, reply, messageId, notice))) return { kind: 'again' };
      const message = replyText({ ...incident, reply }, title, deps.timeZone);
      try {
        await queue.add(toJob(integration, notice.id), cipher.seal({ message, format: 'plain' }, notice.id));
        return { kind: 'again' };
      } catch (error) {
        await incidents.putReplyBack(id, reply, notice.id);
        if (!(error instanceof AppError)) throw error;
        return { kind: 'later', ms: FULL_MS };
      }
    },

    async replace(incident, integration) {
      // People are told by the reply, if there is one.
      const notice = noticeOf(incident, true);
      if (!(await incidents.replaceMessage(incident.id, incident.messageId, notice)))
        return { kind: 'again' };
      return ensureLead({ ...incident, leadId: notice.id }, integration);
    },
  };
}

/** English, because only the bot knows which language a chat speaks. Holds no more of the alert than its title. */
function replyText(
  { reply, count, openedAt, lastAt, resolvedAt }: Incident & { readonly reply: IncidentReply },
  title: string | undefined,
  timeZone: string,
): string {
  const texts: Record<IncidentReply, () => readonly [string, string]> = {
    again: () => ['🔔', `again, ×${count}`],
    counted: () => ['🔔', `again, ×${count}`],
    resolved: () => ['✅', `resolved after ${durationText((resolvedAt ?? lastAt) - openedAt)}`],
    stale: () => ['💤', `not heard of since ${dateText(lastAt, timeZone)}`],
  };
  const [sign, text] = texts[reply]();
  if (title !== undefined) return `${sign} ${title}: ${text}`;
  return `${sign} ${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
