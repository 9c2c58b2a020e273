import type { AlertContent } from '../../domain/alert.ts';

export interface PayloadCipher {
  /** A UUIDv7, so that the ids of one commit are neighbours in the primary key's index. */
  newAlertId(): string;
  /** AES-256-GCM, bound to the alert's id: a ciphertext moved to another alert does not open. Returns base64. */
  seal(content: AlertContent, alertId: string): string;
  /** @throws Error when the ciphertext was not made for this id with a key that we have */
  open(sealed: string, alertId: string): AlertContent;
  sealTags(tags: readonly string[], alertId: string): string;
  openTags(sealed: string, alertId: string): string[];
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
