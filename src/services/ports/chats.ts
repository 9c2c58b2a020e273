/** A chat that is known, by /start or since before there was this table. Times are epoch milliseconds. */
export interface ChatRecord {
  readonly chatId: number;
  readonly registeredAt: number;
  /** When the operator blocked it; null while it is not. */
  readonly blockedAt: number | null;
}

export interface ChatRepository {
  find(chatId: number): Promise<ChatRecord | undefined>;
  /** All of them, the oldest first, with how many active integrations each has. */
  list(): Promise<readonly (ChatRecord & { readonly integrations: number })[]>;
  /** No-op where it is registered. */
  register(chatId: number, now: number): Promise<void>;
  /** Blocks it and ends its queued alerts as failed (`blocked`), in one transaction. Returns them. */
  block(
    chatId: number,
    now: number,
  ): Promise<readonly { readonly id: string; readonly integrationId: number }[]>;
  unblock(chatId: number): Promise<void>;
  /** A group has a new id: what is known of it goes along, and a block stays a block. */
  move(from: number, to: number): Promise<void>;
  /** Stores an invitation's hash; those that have expired are deleted. */
  addInvite(hash: string, expiresAt: number, now: number): Promise<void>;
  /** Uses the invitation up and registers the chat, in one transaction. False: there is none, or it has expired. */
  redeemInvite(hash: string, chatId: number, now: number): Promise<boolean>;
}
