import type { AlertFormat, AlertLink, AlertPriority } from '../../domain/alert.ts';
import type { Resolve } from '../../domain/incident.ts';

/** Who sends: an integration, as its token or key names it. The accept itself proves a token; a key was looked up before. */
export interface Sender {
  readonly id: number;
  /** Hex SHA-256 of the token that was presented; null: none was (a capability key; the bot's own test alert). */
  readonly tokenHash: string | null;
}

/** A validated request for an alert. */
export interface AlertRequest {
  readonly message: string;
  readonly title?: string | undefined;
  readonly format: AlertFormat;
  readonly priority: AlertPriority;
  readonly silent: boolean;
  readonly url?: string | undefined;
  readonly urlTitle?: string | undefined;
  /** Further buttons; adapters alone give them. */
  readonly moreLinks?: readonly AlertLink[] | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  /** Epoch milliseconds. */
  readonly deliverAt?: number | undefined;
  readonly threadId?: number | undefined;
  /** Names an incident: alerts with the same key are one message. */
  readonly key?: string | undefined;
  /** With a key: the incident ends. */
  readonly resolve?: Resolve | undefined;
  /** Its message has a button to acknowledge it; undefined: as its integration is set. */
  readonly acknowledge?: boolean | undefined;
  /** The chat that the sender means to reach, if it says so: must be the integration's. */
  readonly chatId?: number | undefined;
}

/**
 * What makes a repeat of a request the same alert: the sender's own words, or what an adapter has `derived` from a
 * delivery, which stands for all of it.
 */
export type IdempotencyKey = string | { readonly derived: string };

/**
 * The same request always gives the same string, whatever the order of its JSON keys and whether a field was left out or
 * blank; the chat is not part of it.
 */
export function canonical(request: AlertRequest): string {
  const { chatId: _, ...content } = request;
  const given = Object.entries(content).filter(([, value]) => value !== undefined);
  return JSON.stringify(given.sort(([a], [b]) => (a < b ? -1 : 1)));
}
