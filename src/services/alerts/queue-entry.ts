import type { Deadline } from '../../async/deadline.ts';
import { pause } from '../../async/pause.ts';
import { TimeoutError, within } from '../../async/within.ts';
import type { AlertContent, AlertRecord } from '../../domain/alert.ts';
import { AppError } from '../../domain/errors.ts';
import { isGroupChat } from '../../domain/integration.ts';
import type { AcceptingIntegration, AlertLedger, NewAlert } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { AlertJob, AlertQueue } from '../ports/queue.ts';
import type { AlertRequest } from './alert-request.ts';

/** What the job of an alert is made from. */
export interface Source {
  readonly integration: Pick<AcceptingIntegration, 'id' | 'chatId' | 'shownName' | 'acknowledge'>;
  readonly request: AlertRequest;
  /** Keyed hash of the chat id. */
  readonly chat: string;
  /** The incident whose message it makes. */
  readonly incidentId?: string;
}

type Accepted = Pick<NewAlert, 'id' | 'priority' | 'deliverAt' | 'idempotency'>;
type EndedBadly = AlertRecord & { readonly status: 'failed' | 'uncertain' };

/** The step from the ledger into the queue: it may fail, time out and still happen, or be cut off by a crash. */
export interface QueueEntry {
  /**
   * The first try.
   * @throws AppError queue_full and its kin, queue_unavailable: then the entry is withdrawn, its unit given back
   */
  enter(alert: Accepted, source: Source, deadline: Deadline): Promise<void>;
  /**
   * A repeat may overtake its first request between ledger and queue, or follow a crash there: sees it through.
   * @throws AppError as `enter`
   */
  finish(record: AlertRecord, source: Source): Promise<void>;
  /** After `ledger.requeue`: runs `enter`; if that fails, the entry becomes what it was `before`, and it throws. */
  orRestore(before: EndedBadly, enter: () => Promise<void>): Promise<void>;
}

/** How long a repeat waits for the first request with its key to finish, in milliseconds; above the 1.5 s of an add. */
const FIRST_ANSWER_WAIT_MS = 2_000;
const POLL_MS = 50;
/** How long a refusal waits for its entry to be withdrawn, in ms, beyond the deadline of the accept. */
const WITHDRAW_WAIT_MS = 1_000;
/** What upkeep calls an entry whose job is gone: it reached nobody, because only a job can be sent. */
const LOST = 'lost';

export function createQueueEntry(deps: {
  ledger: AlertLedger;
  queue: AlertQueue;
  cipher: Pick<PayloadCipher, 'seal'>;
  clock: Clock;
}): QueueEntry {
  const { ledger, queue, cipher, clock } = deps;
  /** Alerts of this process between ledger and queue: their repeats share the answer. */
  const entering = new Map<string, Promise<void>>();

  type Into = (job: AlertJob, sealed: string) => Promise<void>;
  const put = (into: Into, alert: Omit<Accepted, 'idempotency'>, source: Source) => {
    const content = contentOf(source.request, source.integration.shownName);
    return into(toJob(alert, source, content), cipher.seal(content, alert.id));
  };

  async function addOrWithdraw(alert: Accepted, source: Source, deadline: Deadline): Promise<void> {
    try {
      await within(deadline.leftMs(), () => put(queue.add, alert, source));
    } catch (error) {
      const refusal = error instanceof AppError ? error : tooLate(error);
      // The add may still happen (a frozen Redis that thaws): without its entry the worker drops the job, so the
      // refusal that the sender is about to read stays true. If the entry has moved on, the add did happen and the
      // worker has it already: then the alert is accepted.
      const withdrawal = ledger.withdraw(alert.id, source.integration.id);
      if (refusal.code === 'queue_unavailable') void forgetOnce(withdrawal, alert.id);
      // A database that hangs as well must not keep the sender waiting; it withdraws the entry when it can.
      const isWithdrawn = await within(WITHDRAW_WAIT_MS, () => withdrawal).catch((failure: unknown) => {
        if (failure instanceof TimeoutError) return true;
        throw failure;
      });
      if (isWithdrawn) throw refusal;
    }
  }

  /** It may have got a place all the same. */
  async function forgetOnce(withdrawal: Promise<boolean>, alertId: string): Promise<void> {
    if (await withdrawal.catch(() => false)) queue.forget(alertId);
  }

  async function finish(record: AlertRecord, source: Source): Promise<void> {
    const entered = entering.get(record.id);
    if (entered !== undefined) return entered;
    await seeThrough(record, source);
    // The first request, in another process, may be about to withdraw the entry: of the two one is right.
    if (!(await ledger.confirm(record.id, clock.now()))) throw firstWasRefused();
  }

  /** Makes sure that the alert is in the queue, or was. */
  async function seeThrough(record: AlertRecord, source: Source): Promise<void> {
    for (let waitedMs = 0; waitedMs < FIRST_ANSWER_WAIT_MS; waitedMs += POLL_MS) {
      const held = (await queue.existing([record.id])).has(record.id);
      // Looked at after the queue: an add that came late may have left a job whose entry was withdrawn meanwhile.
      const current = await ledger.find(record.id);
      if (current === undefined) throw firstWasRefused();
      if (current.status === 'failed' && current.reason === LOST) {
        // Its sender never read a 202 for it, and is about to: bring it back. Of many repeats one does so.
        if (await ledger.requeue(current.id, clock.now())) {
          await orRestore({ ...current, status: current.status }, () => put(queue.addAgain, current, source));
        }
      } else if (current.status !== 'queued' || held) return;
      else await pause(POLL_MS);
    }
    // The process that answered first died between the two steps. The id makes a late double add harmless.
    await put(queue.add, record, source);
  }

  async function orRestore(before: EndedBadly, enter: () => Promise<void>): Promise<void> {
    try {
      await enter();
    } catch (error) {
      await ledger.undoRequeue(before);
      // As above: a timed-out command may still have happened, and the worker may have the alert already.
      const now = await ledger.find(before.id);
      if (now?.status === before.status && now.endedAt === before.endedAt) throw error;
    }
  }

  return {
    async enter(alert, source, deadline) {
      const entered = addOrWithdraw(alert, source, deadline);
      // Nothing but a repeat asks how it went.
      if (alert.idempotency === null) return entered;
      entering.set(alert.id, entered);
      try {
        await entered;
      } finally {
        entering.delete(alert.id);
      }
    },
    finish,
    orRestore,
  };
}

function firstWasRefused(): AppError {
  return new AppError(
    'queue_unavailable',
    'The first request with this Idempotency-Key was refused. Try again.',
    {
      retryAfterSeconds: 1,
    },
  );
}

/** Redis did not answer in time. */
export function tooLate(cause: unknown): AppError {
  return new AppError(
    'queue_unavailable',
    'The queue did not answer in time. Nothing was queued; try again in a few seconds.',
    { retryAfterSeconds: 5, cause },
  );
}

/** What is kept of a request, sealed. */
export function contentOf(
  { message, format, title, url, urlTitle, moreLinks, tags }: AlertRequest,
  shownName: string | undefined,
): AlertContent {
  return {
    message,
    format,
    ...(title === undefined ? {} : { title }),
    ...(url === undefined ? {} : { url }),
    ...(urlTitle === undefined ? {} : { urlTitle }),
    ...(moreLinks === undefined ? {} : { moreLinks }),
    ...(tags === undefined ? {} : { tags }),
    ...(shownName === undefined ? {} : { from: shownName }),
  };
}

function toJob(
  alert: Omit<Accepted, 'idempotency'>,
  { integration, chat, incidentId }: Source,
  { title = '', message }: AlertContent,
): AlertJob {
  return {
    alertId: alert.id,
    integrationId: integration.id,
    chat,
    isGroup: isGroupChat(integration.chatId),
    priority: alert.priority,
    deliverAt: alert.deliverAt,
    bytes: Buffer.byteLength(title) + Buffer.byteLength(message),
    ...(incidentId === undefined ? {} : { incidentId }),
  };
}
