import type { AlertFormat, AlertOptions, AlertRecord, AlertStatus } from '../../domain/alert.ts';
import type { Integration } from '../../domain/integration.ts';

export interface NewAlert extends AlertOptions {
  /** UUIDv7: of a time, so that the entries of one commit are neighbours in the database (decision 4). */
  readonly id: string;
  readonly integrationId: number;
  readonly format: AlertFormat;
  readonly sealedTags: string | null;
  readonly hasButton: boolean;
  readonly createdAt: number;
  /** The token that was presented: must be the stored one. Null: none was (the bot's own test alert). */
  readonly tokenHash: string | null;
  /** The chat that the sender named, if any: it must be the integration's. */
  readonly namedChatId: number | null;
  /**
   * Set where the sender gave an Idempotency-Key, or an adapter made one: keyed hashes of the key and of the request's body.
   * `windowMs`: it holds no longer than this, if that is shorter than usual.
   */
  readonly idempotency: {
    readonly keyHash: string;
    readonly bodyHash: string;
    readonly windowMs?: number;
  } | null;
}

/** What an accept has read of the integration. */
export type AcceptingIntegration = Pick<
  Integration,
  'id' | 'chatId' | 'dailyLimit' | 'status' | 'unreachableSince'
> & {
  /** The operator has blocked its chat. */
  readonly isBlocked?: true;
  /** What the alert shows of whom it is from, where the chat has several active integrations and that is not off. */
  readonly shownName?: string;
  /** Its alerts have a button to acknowledge them, unless they say otherwise. */
  readonly acknowledge?: boolean;
};

/** The kinds are checked in this order, except `accepted`. */
export type AcceptResult =
  | { readonly kind: 'accepted'; readonly remaining: number; readonly integration: AcceptingIntegration }
  /** There is no such integration, or the token is not its newest one. */
  | { readonly kind: 'token_invalid' }
  | { readonly kind: 'chat_mismatch'; readonly integration: AcceptingIntegration }
  /** Pending, revoked, or its chat is blocked or cannot be reached. */
  | { readonly kind: 'not_active'; readonly integration: AcceptingIntegration }
  /** The idempotency key was used within 24 h: nothing was written. */
  | {
      readonly kind: 'repeated';
      readonly record: AlertRecord;
      readonly bodyHash: string;
      readonly integration: AcceptingIntegration;
    }
  /** It may go into the integration's digest: nothing was written; `IncidentRepository.takeIn` decides. */
  | { readonly kind: 'overflow'; readonly integration: AcceptingIntegration }
  | { readonly kind: 'quota_exhausted'; readonly integration: AcceptingIntegration };

interface AlertEnd {
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
  /** An entry of our own, `queued`: it takes no unit and has none left. */
  addNotice(alert: NewAlert): Promise<void>;
  /**
   * The queue refused: deletes the entry and gives its unit back, in one transaction. False if it may not: it is not
   * `queued`, a part of it has arrived, or it is confirmed. The unit goes back to the period that it was taken from: once
   * the quota was reset, it is gone.
   */
  withdraw(id: string, integrationId: number): Promise<boolean>;
  /** From now on the entry cannot be withdrawn, because somebody is about to read a 202 for it. False if it is gone. */
  confirm(id: string, now: number): Promise<boolean>;
  find(id: string): Promise<AlertRecord | undefined>;
  /** The entry that used this idempotency key since `since`, with its body hash. */
  findByKey(
    integrationId: number,
    keyHash: string,
    since: number,
  ): Promise<{ record: AlertRecord; bodyHash: string } | undefined>;
  /**
   * The durable mark before a call: queued → sending in one statement. False: somebody else has it, it ended, or its ttl
   * has passed before a part arrived: do not send. This is what makes a second send impossible, and a late one.
   * @param sendAt when the call is to begin (epoch ms)
   */
  claim(id: string, sendAt: number): Promise<boolean>;
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
  /**
   * failed | uncertain → queued. False if it had another status, or as a resend (which counts) was sent again `mostResends`
   * times already.
   */
  requeue(id: string, now: number, mostResends?: number): Promise<boolean>;
  /** Undoes a requeue that the queue refused. */
  undoRequeue(before: Pick<AlertRecord, 'id' | 'status' | 'reason' | 'endedAt' | 'resends'>): Promise<void>;
  /** queued and expiresAt <= now → expired. Returns their ids (at most `limit`). */
  expireDue(now: number, limit: number): Promise<string[]>;
  /** What these entries are; those that are not there are left out. */
  statuses(ids: readonly string[]): Promise<Map<string, Pick<AlertRecord, 'status' | 'reason'>>>;
  /**
   * sending since before `before` → uncertain ('worker_died'), also where that is as far ahead of `now`: then the clock was
   * set back since. Returns their ids.
   */
  endStuck(before: number, now: number): Promise<string[]>;
  /** Entries queued (created or requeued) before `before`, oldest first, after the id `after`. */
  queuedBefore(
    before: number,
    after: string | null,
    limit: number,
  ): Promise<Pick<AlertRecord, 'id' | 'integrationId' | 'notice'>[]>;
  /** Deletes ended entries older than `before`. Returns how many. */
  purge(before: number): Promise<number>;
  countByStatus(): Promise<Record<AlertStatus, number>>;
}
