import type { AlertContent, AlertRecord } from '../domain/alert.ts';
import { AppError } from '../domain/errors.ts';
import { isGroupChat } from '../domain/integration.ts';
import type { AlertRequest } from './alert-request.ts';
import { pause } from './pause.ts';
import type {
  AcceptingIntegration,
  AlertJob,
  AlertLedger,
  AlertQueue,
  Clock,
  NewAlert,
  PayloadCipher,
} from './ports.ts';

/** What the job of an alert is made from. */
export interface Source {
  readonly integration: Pick<AcceptingIntegration, 'id' | 'chatId'>;
  readonly request: AlertRequest;
  /** Keyed hash of the chat id. */
  readonly chat: string;
}

type Accepted = Pick<NewAlert, 'id' | 'priority' | 'deliverAt' | 'idempotency'>;
type EndedBadly = AlertRecord & { readonly status: 'failed' | 'uncertain' };

/** The step from the ledger into the queue: it may fail, time out and happen all the same, or be cut off by a crash. */
export interface QueueEntry {
  /** The first try. @throws AppError queue_full, queue_unavailable: then the entry is withdrawn, its unit given back */
  enter(alert: Accepted, source: Source): Promise<void>;
  /**
   * A repeat may overtake its first request between ledger and queue, or follow a crash there: sees it through.
   * @throws AppError queue_full, queue_unavailable
   */
  finish(record: AlertRecord, source: Source): Promise<void>;
  /** After `ledger.requeue`: runs `enter`; if that fails, the entry becomes what it was `before`, and it throws. */
  orRestore(before: EndedBadly, enter: () => Promise<void>): Promise<void>;
}

/** How long a repeat waits for the first request with its key to finish, in milliseconds; above the 1.5 s of an add. */
const FIRST_ANSWER_WAIT_MS = 2_000;
const POLL_MS = 50;
/** What upkeep calls an entry whose job is gone: it reached nobody, since only a job can be sent. */
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

  async function addOrWithdraw(alert: Accepted, source: Source): Promise<void> {
    try {
      await queue.add(toJob(alert, source));
    } catch (error) {
      // The add may still happen (a frozen Redis that thaws): without its entry the worker drops the job, so the
      // refusal that the sender is about to read stays true. If the entry has moved on, the add did happen and the
      // worker has it already: then the alert is accepted.
      if (await ledger.withdraw(alert.id, source.integration.id)) throw error;
    }
  }

  function toJob(alert: Omit<Accepted, 'idempotency'>, { integration, request, chat }: Source): AlertJob {
    const content: AlertContent = {
      message: request.message,
      format: request.format,
      ...(request.title === undefined ? {} : { title: request.title }),
      ...(request.url === undefined ? {} : { url: request.url }),
      ...(request.urlTitle === undefined ? {} : { urlTitle: request.urlTitle }),
      ...(request.tags === undefined ? {} : { tags: request.tags }),
    };
    return {
      alertId: alert.id,
      integrationId: integration.id,
      chat,
      isGroup: isGroupChat(integration.chatId),
      priority: alert.priority,
      deliverAt: alert.deliverAt,
      sealed: cipher.seal(content, alert.id),
    };
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
          await orRestore({ ...current, status: current.status }, () => enterAgain(current, source));
        }
      } else if (current.status !== 'queued' || held) return;
      else await pause(POLL_MS);
    }
    // The process that answered first died between the two steps. The id makes a late double add harmless.
    await queue.add(toJob(record, source));
  }

  async function enterAgain(record: AlertRecord, source: Source): Promise<void> {
    // The job of a resend that died half-way is still kept, and an add of its id would do nothing.
    if ((await queue.findKept(record.id)) !== undefined) await queue.requeue(record.id);
    else await queue.add(toJob(record, source));
  }

  async function orRestore(before: EndedBadly, enter: () => Promise<void>): Promise<void> {
    try {
      await enter();
    } catch (error) {
      await ledger.undoRequeue(before.id, before.status, before.reason, before.endedAt);
      // As above: a timed-out command may still have happened, and the worker may have the alert already.
      const now = await ledger.find(before.id);
      if (now?.status === before.status && now.endedAt === before.endedAt) throw error;
    }
  }

  return {
    async enter(alert, source) {
      const entered = addOrWithdraw(alert, source);
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
  return new AppError('queue_unavailable', 'The first request with this key was refused. Try again.', {
    retryAfterSeconds: 1,
  });
}
