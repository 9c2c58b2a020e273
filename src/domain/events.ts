import type { AlertPriority } from './alert.ts';
import type { ErrorCode } from './errors.ts';

interface AlertEvent {
  readonly alertId: string;
  readonly integrationId: number;
  /** Keyed hash of the chat id. */
  readonly chat: string;
}

interface KeyEvent {
  readonly keyId: number;
  readonly integrationId: number;
  readonly chat: string;
  readonly adapter: string;
}

/** How an alert ended. */
interface EndEvent extends AlertEvent {
  /** The service wrote it by itself: it counts as no alert. */
  readonly isNotice?: true;
}

/** Who was not let in: an operator, at once or slowed down; a sender's token; a client that asked too often; not Telegram. */
export const REFUSED_ACCESS = ['sign_in', 'sign_in_limit', 'token', 'rate_limit', 'webhook'] as const;
export type RefusedAccess = (typeof REFUSED_ACCESS)[number];

/**
 * What a call of the Bot API came to. `refused`: a 4xx that is about the call; `unauthorized`: 401, 404; `conflict`: 409;
 * `unreachable`: it never left; `unanswered`: timeout, reset, 5xx, an answer that cannot be read; `aborted`: by us.
 */
export type CallResult =
  | 'ok'
  | 'refused'
  | 'rate_limited'
  | 'unauthorized'
  | 'conflict'
  | 'unreachable'
  | 'unanswered'
  | 'aborted';

/** Everything that observers (logs, metrics) may know. No text, no token, no plain chat id is ever in an event. */
export interface DomainEvents {
  'alert.accepted': AlertEvent & { readonly priority: AlertPriority; readonly requestId?: string };
  /** Accepted, into a message that is there already. Beside `alert.accepted`. */
  'alert.folded': AlertEvent & { readonly into: 'incident' | 'digest' };
  'alert.replayed': AlertEvent & { readonly requestId?: string };
  'alert.refused': {
    readonly code: ErrorCode;
    readonly integrationId?: number;
    readonly chat?: string;
    readonly requestId?: string;
  };
  /** A tool has sent what is no alert: an event that its adapter does not know, or leaves out. */
  'delivery.ignored': { readonly adapter: string; readonly requestId?: string };
  'alert.sending': AlertEvent & { readonly part: number };
  'alert.delivered': EndEvent & { readonly parts: number; readonly tookMs: number };
  'alert.failed': EndEvent & { readonly reason: string };
  'alert.uncertain': EndEvent & { readonly reason: string };
  'alert.expired': EndEvent;
  /** A job that the ledger does not know: its request was refused, or an older backup was restored. */
  'alert.dropped': AlertEvent;
  /** Put back, no attempt used: flood wait, chat's pace, Telegram unreachable. */
  'alert.deferred': AlertEvent & { readonly reason: string; readonly waitMs: number };
  'alert.resent': AlertEvent & { readonly by: 'sender' | 'operator' };
  /** An outcome that is known could not be written down, after several tries. */
  'ledger.failed': { readonly alertId: string; readonly integrationId: number; readonly error: unknown };
  /** Once a day: the first refusal, after which the chat is told. */
  'quota.used_up': { readonly integrationId: number; readonly chat: string };
  'quota.exhausted': { readonly integrationId: number; readonly chat: string };
  'quota.reset': { readonly integrations: number; readonly slot: string };
  'integration.created': { readonly integrationId: number; readonly chat: string };
  'integration.revoked': { readonly integrationId: number; readonly chat: string; readonly alerts: number };
  'integration.rotated': { readonly integrationId: number; readonly chat: string };
  /** A capability key. */
  'key.made': KeyEvent;
  'key.revoked': KeyEvent;
  /** The operator's doing; `limit`: alerts per day, null for that of all. */
  'integration.limited': {
    readonly integrationId: number;
    readonly chat: string;
    readonly limit: number | null;
  };
  'chat.unreachable': { readonly chat: string; readonly reason: string };
  'chat.reachable': { readonly chat: string };
  /** The operator's doing; `alerts`: those that waited and ended. */
  'chat.blocked': { readonly chat: string; readonly alerts: number };
  'chat.unblocked': { readonly chat: string };
  'chat.migrated': { readonly chat: string; readonly to: string };
  /** `client`: keyed hash of the address, or of the IPv6 network. */
  'access.refused': { readonly kind: RefusedAccess; readonly client: string; readonly requestId: string };
  /** Each call of the Bot API: sends, probes, updates, the bot's answers. */
  'telegram.called': { readonly method: string; readonly result: CallResult; readonly tookMs: number };
  'telegram.unreachable': { readonly reason: string };
  'telegram.recovered': Record<string, never>;
  /** The bot token was refused; the worker waits. */
  'telegram.halted': { readonly reason: string };
  /** A 429. `scope`: whom it is taken to mean; `waitMs`: how long its chat was told to wait. */
  'telegram.rate_limited': {
    readonly chat: string;
    readonly scope: 'chat' | 'suspected' | 'bot';
    readonly waitMs: number;
  };
  /** The whole bot had to wait, and no longer has to. */
  'telegram.flood_ended': { readonly by: 'telegram' | 'operator' };
  /** Backups are the database's own. */
  'backup.left': Readonly<Record<string, never>>;
  'backup.written': { readonly file: string; readonly bytes: number; readonly tookMs: number };
  'job.failed': { readonly job: string; readonly error: unknown };
  /** A check of the health has another result. `was`, `reason`: codes; null while it is ok. */
  'health.changed': {
    readonly check: string;
    readonly status: 'ok' | 'degraded' | 'down';
    readonly was: string | null;
    readonly reason: string | null;
  };
  'upkeep.done': { readonly expired: number; readonly uncertain: number; readonly lost: number };
}

export type DomainEventName = keyof DomainEvents;
type DomainListener<N extends DomainEventName> = (event: DomainEvents[N]) => void;

export interface EventBus {
  emit<N extends DomainEventName>(name: N, event: DomainEvents[N]): void;
  on<N extends DomainEventName>(name: N, listener: DomainListener<N>): void;
}

/** A synchronous bus: listeners run in the order they were added, and must not throw. */
export function createEventBus(): EventBus {
  const listeners = new Map<DomainEventName, ((event: never) => void)[]>();
  return {
    emit(name, event) {
      // The map's key ties name and listener type together; TypeScript cannot express that per entry.
      for (const listener of listeners.get(name) ?? []) listener(event as never);
    },
    on(name, listener) {
      const known = listeners.get(name);
      if (known) known.push(listener as (event: never) => void);
      else listeners.set(name, [listener as (event: never) => void]);
    },
  };
}
