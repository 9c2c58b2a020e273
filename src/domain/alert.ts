export const ALERT_STATUSES = ['queued', 'sending', 'delivered', 'failed', 'uncertain', 'expired'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

export const ALERT_FORMATS = ['plain', 'markdown', 'html'] as const;
export type AlertFormat = (typeof ALERT_FORMATS)[number];

export const ALERT_PRIORITIES = ['low', 'normal', 'high'] as const;
export type AlertPriority = (typeof ALERT_PRIORITIES)[number];

/** Limits of an alert's input, in characters (UTF-16 units, as JSON senders count them) unless named otherwise. */
export const ALERT_LIMITS = {
  message: 100_000,
  /** More is one file: that is nothing to read in a chat. */
  inMessages: 16_000,
  title: 256,
  url: 2_048,
  urlTitle: 64,
  /** Buttons that open an address: `url`, and what only adapters give. */
  links: 4,
  tags: 10,
  tag: 32,
  /** Seconds: 7 days. Longer waits belong to the sender's own calendar. */
  ttlSeconds: 7 * 86_400,
  /** Milliseconds ahead that an alert may be scheduled: 7 days. */
  deliverAheadMs: 7 * 86_400_000,
  idempotencyKey: 255,
  key: 255,
} as const;

/** An address below a message: a button, or a line of its text. */
export interface AlertLink {
  readonly title?: string | undefined;
  readonly url: string;
}

/** The readable part of an alert. It exists only in memory and, sealed, in Redis. */
export interface AlertContent {
  readonly message: string;
  readonly title?: string;
  readonly format: AlertFormat;
  readonly url?: string;
  readonly urlTitle?: string;
  /** Beside `url`, behind it. */
  readonly moreLinks?: readonly AlertLink[];
  readonly tags?: readonly string[];
  /** The name of its integration, where it is to be shown. Decided once, so that all parts are cut alike. */
  readonly from?: string;
}

/** The addresses below it, its own first. */
export function linksOf({ url, urlTitle, moreLinks = [] }: AlertContent): readonly AlertLink[] {
  return url === undefined ? moreLinks : [{ title: urlTitle, url }, ...moreLinks];
}

/** As a line of text. */
export function linkLine({ title, url }: AlertLink): string {
  return title ? `${title}: ${url}` : url;
}

/** How and when an alert is to be sent; holds no text, so the ledger keeps it as it is. Times are epoch ms. */
export interface AlertOptions {
  readonly priority: AlertPriority;
  readonly silent: boolean;
  readonly threadId: number | null;
  readonly deliverAt: number | null;
  readonly expiresAt: number | null;
}

/** One entry of the ledger: what became of an accepted alert. Times are epoch milliseconds. */
export interface AlertRecord extends AlertOptions {
  readonly id: string;
  readonly integrationId: number;
  readonly status: AlertStatus;
  /** Why it failed, is uncertain or went back to the queue: a code, never a text of Telegram's or the sender's. */
  readonly reason: string | null;
  readonly format: AlertFormat;
  /** The alert's tags, sealed by the payload cipher (they are the sender's words); null without tags. */
  readonly sealedTags: string | null;
  readonly hasButton: boolean;
  /** Messages that the alert was split into; null until it was rendered. */
  readonly parts: number | null;
  /** Telegram's message ids of the parts that certainly arrived, in order. */
  readonly messageIds: readonly number[];
  /** How often it was sent again by hand. */
  readonly resends: number;
  /** The incident that it belongs to. */
  readonly incidentId: string | null;
  /** It went into a message that is there already: that of an incident, or a digest. */
  readonly folded: 'incident' | 'digest' | null;
  /** Of a folded one: its own text (its title, in a digest) was on display. */
  readonly shown: boolean;
  /** Telegram's id of the message that it answers: a short reply of our own. */
  readonly replyTo: number | null;
  /** The service wrote it by itself: no alert to whoever counts them. */
  readonly notice: boolean;
  /** Quota units left after this alert was accepted, as its answer said. */
  readonly remaining: number;
  readonly createdAt: number;
  /** When the last attempt to send began. */
  readonly sendingAt: number | null;
  /** When it was delivered, failed, became uncertain or expired. */
  readonly endedAt: number | null;
}

/** An alert may be sent again by hand this often (the contract). */
export const MAX_RESENDS = 3;

const ENDED: ReadonlySet<AlertStatus> = new Set(['delivered', 'failed', 'uncertain', 'expired']);

/** True if the alert will no longer change on its own. */
export function hasEnded(status: AlertStatus): boolean {
  return ENDED.has(status);
}

/** What became of an alert's job, as the board shows it: codes and numbers, no text. */
export interface AlertOutcome {
  /** `dropped`: the ledger does not know it, so nobody was told that it was accepted. */
  readonly status: 'delivered' | 'failed' | 'uncertain' | 'expired' | 'dropped';
  /** Messages that it was split into; null where it was never rendered. */
  readonly parts: number | null;
  /** Telegram's ids of those that arrived. */
  readonly messageIds?: readonly number[];
  readonly reason?: string;
  /** Milliseconds from when it could be sent (accepted, or due) to its end. */
  readonly tookMs: number;
}

/** True if the text of an alert that ended like this is kept for a resend. */
export function keepsText(status: AlertOutcome['status'] | AlertStatus, reason: string | null): boolean {
  return status === 'uncertain' || (status === 'failed' && reason !== 'revoked');
}
