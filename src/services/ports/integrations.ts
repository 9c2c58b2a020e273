import type { Overflow } from '../../domain/digest.ts';
import type { Integration } from '../../domain/integration.ts';

/** What its sender may change. */
export type IntegrationSettings = Partial<Pick<Integration, 'name' | 'overflow' | 'acknowledge'>>;

/** `isBlocked`: the operator has blocked its chat. */
export type FoundIntegration = Integration & { readonly isBlocked?: true };

/** As operators see it. */
export interface ListedIntegration extends Integration {
  /** MAX_ALERTS does not reach it: its daily limit was set for it alone. */
  readonly hasOwnLimit: boolean;
}

export interface IntegrationRepository {
  /** All of them, those that were revoked too, the oldest first. */
  list(): Promise<readonly ListedIntegration[]>;
  /**
   * Gives it a daily limit of its own, or (`own` null) that of all: what it has spent today stays spent. False: there is none.
   */
  setLimit(
    id: number,
    limit: { readonly own: number | null; readonly ofAll: number },
    now: number,
  ): Promise<boolean>;
  /** Batches look-ups of one event-loop turn into one query (the hot path). */
  findById(id: number): Promise<FoundIntegration | undefined>;
  /** The chat's integrations, oldest first; revoked ones left out. */
  findByChat(chatId: number): Promise<Integration[]>;
  /**
   * A pending integration of the chat that a new setup token may take over: the one with this name, else the newest whose
   * setup token is missing or ended before `now`.
   */
  findReusablePending(chatId: number, name: string, now: number): Promise<Integration | undefined>;
  insertPending(chatId: number, name: string, dailyLimit: number, now: number): Promise<Integration>;
  /** Renames a pending integration and stores the setup token's hash and end. False if it is no longer pending. */
  storeSetupToken(
    id: number,
    name: string,
    tokenHash: string,
    expiresAt: number,
    now: number,
  ): Promise<boolean>;
  /**
   * pending → active in one statement, only while `setupHash` is still the stored hash: of any number of concurrent
   * calls exactly one gets the integration, the others undefined. `too_many`: the chat has `maxPerChat` active ones.
   * `name` null, and of the settings what is not named, keep what is there. Also clears unreachableSince, and sets rateLimit to dailyLimit less the units that
   * revoked integrations of the chat have spent today.
   */
  activate(
    id: number,
    setupHash: string,
    next: {
      tokenHash: string;
      scope: string;
      name: string | null;
      showName?: boolean;
      overflow?: Overflow;
      acknowledge?: boolean;
      expiresAt: number;
      now: number;
      maxPerChat: number;
    },
  ): Promise<Integration | 'too_many' | undefined>;
  /** Makes an activated integration the pending one that it was `before`, while `tokenHash` is still its token's. */
  undoActivation(before: Integration, tokenHash: string): Promise<void>;
  /**
   * Replaces the token only while `oldHash` is still the stored one and the status is active; else undefined. With
   * `revokeKeys` its keys are deleted in the same transaction.
   */
  rotate(
    id: number,
    oldHash: string,
    next: { tokenHash: string; scope: string; expiresAt: number; now: number; revokeKeys: boolean },
  ): Promise<Integration | undefined>;
  /** Changes settings of an active one. Undefined if it is not active. */
  update(id: number, to: IntegrationSettings, now: number): Promise<Integration | undefined>;
  /**
   * active or pending → revoked, token hash removed, and in the same transaction its keys deleted and its queued alerts →
   * failed ('revoked'). Returns the ids of those alerts (to be taken off the queue), or undefined if it was revoked before.
   */
  revoke(id: number, now: number): Promise<{ integration: Integration; alertIds: string[] } | undefined>;
  /** Whether alerts show the integration's name where its chat has others. */
  setShowName(id: number, showName: boolean): Promise<void>;
  /** True once a day for an integration without quota, over all processes: the chat is to be told. */
  claimQuotaNotice(id: number, now: number): Promise<boolean>;
  /** For all integrations of the chat. Clears the suspicion count when `since` is null. Returns rows changed. */
  setUnreachable(chatId: number, since: number | null, reason: string | null): Promise<number>;
  /** Counts one more refusal in a row for the chat and returns the count, over all processes. */
  addSuspicion(chatId: number): Promise<number>;
  /** A delivery to the chat: refusals are counted from 0 again. */
  clearSuspicion(chatId: number): Promise<void>;
  /** Moves all integrations of a chat to its new id. Returns rows changed. */
  migrateChat(from: number, to: number, now: number): Promise<number>;
  /**
   * Gives every integration its day's quota (`dailyLimit`, unless it has a limit of its own), once per `slot` (the date,
   * YYYY-MM-DD). Returns the number of integrations, or undefined if the slot was done before.
   */
  resetQuotas(slot: string, now: number, dailyLimit: number): Promise<number | undefined>;
  /** The newest slot for which the quotas were reset, or undefined. */
  lastQuotaReset(): Promise<string | undefined>;
  /** Marks a slot as done without touching quotas (a fresh database owes nothing). No-op where marked. */
  markQuotaReset(slot: string, now: number): Promise<void>;
  /**
   * Deletes integrations that were revoked, or set up and never used, before these times (epoch ms), once the ledger has
   * none of their alerts. Returns how many.
   */
  purge(before: { revoked: number; pending: number }): Promise<number>;
}
