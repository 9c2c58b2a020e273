import type { ErrorCode } from '../domain/errors.ts';
import type { DomainEventName, DomainEvents, EventBus, RefusedAccess } from '../domain/events.ts';
import type { Clock } from '../services/ports/clock.ts';
import { createLineLimit } from './line-limit.ts';
import type { Component, LogFields, Logger } from './logger.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

interface Line<E> {
  readonly component: Component;
  /** A function where the event's content decides. */
  readonly level: Level | ((event: E) => Level);
  readonly message: string | ((event: E) => string);
  /** Anybody outside can cause it: at most 10 lines a minute for each of these. */
  readonly limitBy?: (event: E) => string;
}

const REFUSAL_MESSAGES: Readonly<Record<RefusedAccess, string>> = {
  sign_in: 'Operator sign-in refused: wrong name or password',
  sign_in_limit: 'Operator sign-in slowed down: too many failures from one address',
  token: 'Request refused: its token is missing, wrong or no longer valid',
  rate_limit: 'Request refused: too many from one address',
  webhook: 'Bot update refused: its secret is missing or wrong',
};

const FLOOD_MESSAGES: Readonly<Record<DomainEvents['telegram.rate_limited']['scope'], string>> = {
  chat: 'Telegram asks to wait before it takes more for this chat',
  suspected: 'Telegram asks two chats in a row to wait: sends pause for seconds, then another chat is tried',
  bot: 'Telegram asks the whole bot to wait: alerts are waiting, and one is tried within each minute',
};

/** What access.refused has told already is debug. */
const REFUSED_ALERT_LEVELS: Readonly<Partial<Record<ErrorCode, Level>>> = {
  internal: 'error',
  queue_unavailable: 'warn',
  database_unavailable: 'warn',
  unauthorized: 'debug',
  rate_limited: 'debug',
};

/**
 * How each event reads in the log: the catalogue. What happens for every alert on its way is debug, what became of it is info.
 * docs/log-lines.md is made from it.
 */
export const LINES: { readonly [N in DomainEventName]: Line<DomainEvents[N]> } = {
  'alert.accepted': { component: 'api', level: 'info', message: 'Alert accepted' },
  'alert.folded': { component: 'api', level: 'debug', message: 'Alert folded into a message that is there' },
  'alert.replayed': {
    component: 'api',
    level: 'info',
    message: 'Repeated alert: the first answer is given again',
  },
  'delivery.ignored': {
    component: 'api',
    level: 'debug',
    message: 'Delivery ignored: its adapter does not know this event, or leaves it out',
  },
  'alert.refused': {
    component: 'api',
    level: ({ code }) => REFUSED_ALERT_LEVELS[code] ?? 'info',
    message: 'Alert refused',
  },
  'alert.sending': { component: 'worker', level: 'debug', message: 'Sending alert' },
  'alert.delivered': { component: 'worker', level: 'info', message: 'Alert delivered' },
  'alert.failed': { component: 'worker', level: 'warn', message: 'Alert failed' },
  'alert.uncertain': {
    component: 'worker',
    level: 'warn',
    message: 'Alert uncertain: Telegram may have it, so it is not sent again automatically',
  },
  'alert.expired': { component: 'worker', level: 'info', message: 'Alert expired before it was sent' },
  'alert.dropped': {
    component: 'worker',
    level: 'warn',
    message: 'Job dropped: the ledger has no entry for it',
  },
  'ledger.failed': {
    component: 'worker',
    level: 'error',
    message: 'Could not write an outcome to the ledger',
  },
  'alert.deferred': { component: 'worker', level: 'debug', message: 'Alert put back in the queue' },
  'alert.resent': { component: 'app', level: 'info', message: 'Alert queued again on request' },
  'quota.used_up': {
    component: 'api',
    level: 'warn',
    message: "An integration has used up today's quota: its chat is told",
  },
  'quota.exhausted': { component: 'api', level: 'info', message: "Today's quota is used up" },
  'quota.reset': { component: 'job', level: 'info', message: 'Quotas reset' },
  'integration.created': { component: 'api', level: 'info', message: 'Integration created' },
  'integration.revoked': { component: 'app', level: 'info', message: 'Integration revoked' },
  'integration.rotated': { component: 'api', level: 'info', message: 'Integration token rotated' },
  'key.made': { component: 'app', level: 'info', message: 'Key made' },
  'key.revoked': { component: 'app', level: 'info', message: 'Key revoked' },
  'integration.limited': { component: 'app', level: 'info', message: 'Daily limit set by the operator' },
  'chat.unreachable': { component: 'worker', level: 'warn', message: 'Chat is unreachable' },
  'chat.reachable': { component: 'bot', level: 'info', message: 'Chat is reachable again' },
  'chat.blocked': { component: 'app', level: 'info', message: 'Chat blocked by the operator' },
  'chat.unblocked': { component: 'app', level: 'info', message: 'Chat unblocked by the operator' },
  'chat.migrated': { component: 'app', level: 'info', message: 'Chat has a new id' },
  'access.refused': {
    component: 'api',
    level: ({ kind }) => (kind === 'sign_in' || kind === 'sign_in_limit' ? 'warn' : 'info'),
    message: ({ kind }) => REFUSAL_MESSAGES[kind],
    limitBy: ({ kind }) => kind,
  },
  'telegram.called': { component: 'app', level: 'debug', message: 'Called the Bot API' },
  'telegram.unreachable': {
    component: 'worker',
    level: 'warn',
    message: 'Telegram is unreachable: alerts are waiting',
  },
  'telegram.recovered': { component: 'worker', level: 'info', message: 'Telegram is reachable again' },
  'telegram.halted': {
    component: 'worker',
    level: 'error',
    message: 'Telegram rejects the bot token: nothing is sent, alerts are waiting; check BOT_TOKEN',
  },
  'telegram.rate_limited': {
    component: 'worker',
    level: 'warn',
    message: ({ scope }) => FLOOD_MESSAGES[scope],
  },
  'telegram.flood_ended': {
    component: 'worker',
    level: 'info',
    message: 'Flood wait of the whole bot is over: sending resumes',
  },
  'backup.left': {
    component: 'job',
    level: 'warn',
    message: 'No backup written: pg_dump is not installed, so that backups are the database’s own',
  },
  'backup.written': { component: 'job', level: 'info', message: 'Backup written' },
  'job.failed': { component: 'job', level: 'error', message: 'Job failed' },
  'health.changed': {
    component: 'app',
    // That somebody resumed the queue is worth as much as that somebody paused it.
    level: ({ status, was }) => (status === 'ok' && was !== 'paused' ? 'info' : 'warn'),
    message: 'Health changed',
  },
  'upkeep.done': {
    component: 'job',
    level: ({ lost, uncertain, expired }) =>
      lost > 0 || uncertain > 0 ? 'warn' : expired > 0 ? 'info' : 'debug',
    message: 'Upkeep done',
  },
};

/** Logs every domain event. */
export function logEvents(events: EventBus, logger: Logger, clock: Clock): void {
  // Object.keys widens the union to string.
  for (const name of Object.keys(LINES) as DomainEventName[])
    observe(events, name, logger, createLineLimit(clock));
}

function observe<N extends DomainEventName>(
  events: EventBus,
  name: N,
  logger: Logger,
  limit: (kind: string) => number | undefined,
): void {
  const { component, level, message, limitBy } = LINES[name];
  const log = logger.child(component);
  events.on(name, (event) => {
    const leftOut = limitBy === undefined ? 0 : limit(limitBy(event));
    if (leftOut === undefined) return;
    log[typeof level === 'function' ? level(event) : level](
      { event: name, ...toFields(event), ...(leftOut === 0 ? {} : { leftOut }) },
      typeof message === 'function' ? message(event) : message,
    );
  });
}

/** Events name the keyed hash `chat`; in logs it is `chatId`, as the contract has it. */
function toFields(event: object): LogFields {
  const { chat, ...rest } = event as { chat?: string }; // every event is a flat record of this shape
  return chat === undefined ? rest : { chatId: chat, ...rest };
}
