import type { AlertContent } from '../../domain/alert.ts';
import type { KeyOptions } from '../../domain/capability-key.ts';

export interface PayloadCipher {
  /** A UUIDv7, so that the ids of one commit are neighbours in the primary key's index. */
  newAlertId(): string;
  /** AES-256-GCM, bound to the alert's id: a ciphertext moved to another alert does not open. Returns base64. */
  seal(content: AlertContent, alertId: string): string;
  /** @throws Error when the ciphertext was not made for this id with a key that we have */
  open(sealed: string, alertId: string): AlertContent;
  sealTags(tags: readonly string[], alertId: string): string;
  openTags(sealed: string, alertId: string): string[];
  /** Bound to the key that they belong to, by its hash. */
  sealOptions(options: KeyOptions, keyHash: string): string;
  /** @throws Error when they were not sealed for this key with a secret that we have */
  openOptions(sealed: string, keyHash: string): KeyOptions;
  /** Who acknowledged an incident, bound to its id. */
  sealName(name: string, incidentId: string): string;
  /** Undefined where it was sealed with another key, or damaged. */
  openName(sealed: string, incidentId: string): string | undefined;
  /** Keyed hash (HMAC-SHA-256, 16 hex characters) for chat ids in logs, on the board and in Redis. */
  hashChat(chatId: number): string;
  /** Keyed hash (HMAC-SHA-256, 16 hex characters) for client addresses in logs. */
  hashClient(address: string): string;
  /** Keyed hash (HMAC-SHA-256, hex) for idempotency keys and bodies. */
  hashRequest(value: string): string;
}

/** Makes capability keys. */
export interface KeySource {
  /** 32 random bytes in base64url, and what is stored of them. */
  issue(): { readonly key: string; readonly hash: string };
  /** Hex SHA-256. */
  hash(key: string): string;
}
