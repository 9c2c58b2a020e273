import type { AlertContent, AlertFormat, AlertOptions, AlertRecord, AlertStatus } from '../domain/alert.ts';
import type { Integration } from '../domain/integration.ts';
import type { SendOutcome } from '../domain/outcome.ts';

/** What the use cases need from outside. db, queue and telegram implement these. Times are epoch milliseconds. */

export interface Clock {
  now(): number;
}

// ── database ────────────────────────────────────────────────────────────────

export interface IntegrationRepository {
  /** Batches look-ups of one event-loop turn into one query (the hot path). */
  findById(id: number): Promise<Integration | undefined>;
  findByChat(chatId: number): Promise<Integration[]>;
  /** The chat's newest pending integration whose setup token is missing or ended before `now`. */
  findReusablePending(chatId: number, now: number): Promise<Integration | undefined>;
  insertPending(chatId: number, name: string, dailyLimit: number, now: number): Promise<Integration>;
  /** Renames a pending integration and stores the setup token's hash and end. */
  storeSetupToken(id: number, name: string, tokenHash: string, expiresAt: number, now: number): Promise<void>;
  /**
   * pending → active in one statement, only while `setupHash` is still the stored hash: of any number of concurrent
   * calls exactly one gets the integration, the others undefined. `name` null keeps the name. Also clears
   * unreachableSince, and sets rateLimit = dailyLimit.
   */
  activate(
    id: number,
    setupHash: string,
    next: { tokenHash: string; scope: string; name: string | null; expiresAt: number; now: number },
  ): Promise<Integration | undefined>;
  /** Replaces the token only while `oldHash` is still the stored one and the status is active; else undefined. */
  rotate(
    id: number,
    oldHash: string,
    next: { tokenHash: string; expiresAt: number; now: number },
  ): Promise<Integration | undefined>;
  /**
   * active or pending → revoked, token hash removed, and in the same transaction its queued alerts → failed
   * ('revoked'). Returns the ids of those alerts (to be taken off the queue), or undefined if it was revoked before.
   */
  revoke(id: number, now: number): Promise<{ integration: Integration; alertIds: string[] } | undefined>;
  /** For all integrations of the chat. Clears the suspicion count when `since` is null. Returns rows changed. */
  setUnreachable(chatId: number, since: number | null, reason: string | null): Promise<number>;
  /** Counts one more refusal in a row for the chat and returns the count. A delivery resets it (setUnreachable). */
  addSuspicion(chatId: number): Promise<number>;
  /** Moves all integrations of a chat to its new id. Returns rows changed. */
  migrateChat(from: number, to: number, now: number): Promise<number>;
  /**
   * Sets rateLimit = dailyLimit everywhere, once per `slot` (the date, YYYY-MM-DD): in one transaction with the
   * slot's mark. Returns the number of integrations, or undefined if the slot was done before.
   */
  resetQuotas(slot: string, now: number): Promise<number | undefined>;
  /** The newest slot for which the quotas were reset, or undefined. */
  lastQuotaReset(): Promise<string | undefined>;
  /** Marks a slot as done without touching quotas (a fresh database owes nothing). No-op where marked. */
  markQuotaReset(slot: string, now: number): Promise<void>;
}

export interface NewAlert extends AlertOptions {
  /** UUIDv7: of a time, so that the entries of one commit are neighbours in the database (decision 4). */
  readonly id: string;
  readonly integrationId: number;
  readonly format: AlertFormat;
  readonly sealedTags: string | null;
  readonly hasButton: boolean;
  readonly createdAt: number;
  /** The token that was shown: it must be the stored one. Null: none was shown (the bot's own test alert). */
  readonly tokenHash: string | null;
  /** The chat that the sender named, if any: it must be the integration's. */
  readonly askedChatId: number | null;
  /** Set where the sender gave an Idempotency-Key: keyed hashes of the key and of the request's body. */
  readonly idempotency: { readonly keyHash: string; readonly bodyHash: string } | null;
}

/** What an accept has read of the integration. */
export type AcceptingIntegration = Pick<
  Integration,
  'id' | 'chatId' | 'dailyLimit' | 'status' | 'unreachableSince'
>;

/** The kinds are looked for in this order, but for `accepted`. */
export type AcceptResult =
  | { readonly kind: 'accepted'; readonly remaining: number; readonly integration: AcceptingIntegration }
  /** There is no such integration, or the token is not its newest one. */
  | { readonly kind: 'token_invalid' }
  | { readonly kind: 'chat_mismatch'; readonly integration: AcceptingIntegration }
  /** Pending, revoked, or its chat cannot be reached. */
  | { readonly kind: 'not_active'; readonly integration: AcceptingIntegration }
  /** The idempotency key was used within 24 h: nothing was written. */
  | {
      readonly kind: 'repeated';
      readonly record: AlertRecord;
      readonly bodyHash: string;
      readonly integration: AcceptingIntegration;
    }
  | { readonly kind: 'quota_exhausted'; readonly integration: AcceptingIntegration };

export interface AlertEnd {
  readonly status: 'delivered' | 'failed' | 'uncertain' | 'expired';
  readonly reason: string | null;
  readonly now: number;
}

export interface AlertLedger {
  /**
   * Checks the sender, takes one quota unit and writes the entry as `queued`, in one transaction; the calls of one
   * event-loop turn share it (group commit). An integration has never fewer than 0 units left.
   */
  accept(alert: NewAlert): Promise<AcceptResult>;
  /**
   * The queue refused: deletes the entry and gives its unit back, in one transaction. False if it may not: it is not
   * `queued` any more, a part of it has arrived, or it is confirmed.
   */
  withdraw(id: string, integrationId: number): Promise<boolean>;
  /** From now on the entry cannot be withdrawn, since somebody is about to read a 202 for it. False if it is gone. */
  confirm(id: string, now: number): Promise<boolean>;
  find(id: string): Promise<AlertRecord | undefined>;
  /** The entry that used this idempotency key since `since`, with its body hash. */
  findByKey(
    integrationId: number,
    keyHash: string,
    since: number,
  ): Promise<{ record: AlertRecord; bodyHash: string } | undefined>;
  /**
   * The durable mark before a call: queued → sending in one statement. False: somebody else has it, or it ended:
   * do not send. This is what makes a second send impossible.
   */
  claim(id: string, now: number): Promise<boolean>;
  /** sending → queued: this attempt provably reached nobody. */
  release(id: string, reason: string): Promise<void>;
  /** One more part has certainly arrived. `parts` = how many there are in all. */
  addPart(id: string, parts: number, messageId: number): Promise<void>;
  /**
   * Ends the entry if its status is one of `from`; false if it was not. With a messageId, that of the last part is
   * added in the same statement.
   */
  end(
    id: string,
    from: readonly AlertStatus[],
    end: AlertEnd & { readonly part?: { readonly parts: number; readonly messageId: number } },
  ): Promise<boolean>;
  /** failed | uncertain → queued, for a resend by hand. False if the status was another. */
  requeue(id: string, now: number): Promise<boolean>;
  /** Undoes a requeue that the queue refused. */
  undoRequeue(
    id: string,
    status: 'failed' | 'uncertain',
    reason: string | null,
    endedAt: number | null,
  ): Promise<void>;
  /** queued and expiresAt <= now → expired. Returns their ids (at most `limit`). */
  expireDue(now: number, limit: number): Promise<string[]>;
  /** What these entries are; those that are not there are left out. */
  statuses(ids: readonly string[]): Promise<Map<string, Pick<AlertRecord, 'status' | 'reason'>>>;
  /** sending since before `before` → uncertain ('worker_died'). Returns their ids. */
  endStuck(before: number, now: number): Promise<string[]>;
  /** Ids of entries queued (created or requeued) before `before`, oldest first, after the id `after`. */
  queuedBefore(
    before: number,
    after: string | null,
    limit: number,
  ): Promise<{ id: string; integrationId: number }[]>;
  /** Deletes ended entries older than `before`. Returns how many. */
  purge(before: number): Promise<number>;
  countByStatus(): Promise<Record<AlertStatus, number>>;
}

export interface DatabaseMaintenance {
  /** Answers a trivial query. */
  ping(): Promise<void>;
  /** Writes a consistent, verified copy into `directory`, keeps the newest `keep`. Returns the file's path and size. */
  backup(directory: string, keep: number, now: number): Promise<{ file: string; bytes: number }>;
}

// ── queue ───────────────────────────────────────────────────────────────────

/** What the queue knows of an alert: nothing readable, no plain chat id. */
export interface AlertJob {
  readonly alertId: string;
  readonly integrationId: number;
  /** Keyed hash of the chat id. */
  readonly chat: string;
  readonly isGroup: boolean;
  readonly priority: AlertOptions['priority'];
  readonly deliverAt: number | null;
  /** Size of title and message in UTF-8; null where it is not known any more (sent again by hand). */
  readonly bytes: number | null;
  /** The form that Telegram took its first parts in, once it is not the full one: the rest must be cut like them. */
  readonly form?: MessageForm;
}

/** In which form an alert is sent; each thing that Telegram refuses leads to a simpler one. */
export interface MessageForm {
  /** 0: in full, 1: plain text without entities, 2: a document. */
  readonly simplicity: 0 | 1 | 2;
  /** Telegram does not know the topic, or it is closed: send without it. */
  readonly withoutTopic: boolean;
}

export interface AlertQueue {
  /**
   * Durably adds; the caps are exact over all processes. Adding an id that is queued already is a success.
   * @param sealed the sealed AlertContent (see PayloadCipher)
   * @throws AppError queue_full, chat_queue_full, schedule_full, chat_schedule_full, queue_unavailable
   */
  add(job: AlertJob, sealed: string): Promise<void>;
  /**
   * Adds an alert that had ended.
   * @param sealed null: its text is kept
   * @throws AppError as `add`; not_resendable where the text is gone, or the worker has not finished with it
   */
  addAgain(job: AlertJob, sealed: string | null): Promise<void>;
  /** Alerts that ended, or were refused, without the worker: frees their places, and the texts unless they are kept. */
  drop(alertIds: readonly string[], keepText: boolean): Promise<void>;
  /** A refused alert that may have got a place all the same: frees it in the background, also when Redis is away now. */
  forget(alertId: string): void;
  /** Which of the ids the queue still holds to be worked on; ended ones do not count. */
  existing(alertIds: readonly string[]): Promise<Set<string>>;
  /** The ids of all alerts that have a place, page by page; one may come twice. */
  placeHolders(): AsyncIterable<readonly string[]>;
  /** True while the sealed text is there: until delivery, or 24 h after an end without it. */
  hasText(alertId: string): Promise<boolean>;
  /** Forgets ended jobs beyond what the board shows (24 h). */
  purgeEnded(): Promise<void>;
  counts(): Promise<QueueCounts>;
}

export interface QueueCounts {
  /** What counts for MAX_QUEUE_SIZE: accepted without a later deliverAt, not yet ended. */
  readonly pending: number;
  /** What counts for MAX_SCHEDULED: accepted with a later deliverAt, not yet ended. */
  readonly scheduled: number;
  /** BullMQ's states. */
  readonly waiting: number;
  readonly delayed: number;
  readonly prioritized: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
}

/** Tells every process that an alert has ended, so that waiting callers need not poll. */
export interface EndedSignal {
  publish(alertId: string): void;
  /** Resolves when the alert was published as ended, when `ms` have passed or when `signal` aborts. */
  wait(alertId: string, ms: number, signal: AbortSignal): Promise<void>;
}

// ── crypto ──────────────────────────────────────────────────────────────────

export interface PayloadCipher {
  /** AES-256-GCM, bound to the alert's id: a ciphertext moved to another alert does not open. Returns base64. */
  seal(content: AlertContent, alertId: string): string;
  /** @throws Error when the ciphertext was not made for this id with a key that we have */
  open(sealed: string, alertId: string): AlertContent;
  sealTags(tags: readonly string[], alertId: string): string;
  openTags(sealed: string, alertId: string): string[];
  /** Keyed hash (HMAC-SHA-256, 16 hex characters) for chat ids in logs, on the board and in Redis. */
  hashChat(chatId: number): string;
  /** Keyed hash (HMAC-SHA-256, hex) for idempotency keys and bodies. */
  hashRequest(value: string): string;
}

// ── telegram ────────────────────────────────────────────────────────────────

/** One message as Telegram takes it: text with entities, or a document when it would be more than 4 messages. */
export interface RenderedPart {
  readonly kind: 'message' | 'document';
  /** The message's text, or the document's caption. */
  readonly text: string;
  /** Offsets and lengths in UTF-16 units, as the Bot API counts them. */
  readonly entities: readonly MessageEntity[];
  /** The document's content (UTF-8) and name. */
  readonly document?: { readonly filename: string; readonly content: string };
}

export interface MessageEntity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
}

/** Renders content; `simplicity` 0 is the full form, 1 plain text without entities, 2 a document. Never throws. */
export type Renderer = (content: AlertContent, simplicity: 0 | 1 | 2) => Promise<RenderedPart[]>;

export interface SendRequest {
  readonly chatId: number;
  readonly part: RenderedPart;
  readonly silent: boolean;
  readonly threadId: number | null;
  /** A button below the (last) message. */
  readonly button: { readonly text: string; readonly url: string } | null;
}

export interface TelegramSender {
  /** Makes one call and says what it came to. Never throws, never repeats by itself. */
  send(request: SendRequest): Promise<SendOutcome>;
  /** getMe: does Telegram answer, and take the token? */
  probe(): Promise<'ok' | 'unreachable' | 'unauthorized'>;
}

/** Sends within Telegram's and our own limits, over all workers. */
export interface Pace {
  /**
   * Asks for the next send to this chat. `go`: sleep `waitMs`, then send (the slot is taken); with the sealed text, null
   * where Redis has lost it. `defer`: not before `ms`; put the alert back and let others go first. `paused`: nobody may
   * send for `ms`.
   */
  take(
    turn: Pick<AlertJob, 'alertId' | 'chat' | 'isGroup' | 'priority'>,
  ): Promise<
    | { readonly kind: 'go'; readonly waitMs: number; readonly sealed: string | null }
    | { readonly kind: 'defer'; readonly ms: number }
    | { readonly kind: 'paused'; readonly ms: number }
  >;
  /** Tells when a call really began (performance.now()): the next slot keeps its distance from it. */
  sent(beganAt: number): Promise<void>;
  /** No sends to this chat for `ms` (a flood wait), or to nobody where the whole bot is meant; survives restarts. */
  block(chat: string, ms: number): Promise<{ readonly isWholeBot: boolean }>;
}
