import type { DomainEventName, DomainEvents, EventBus } from '../domain/events.ts';
import type { Component, LogFields, Logger } from './logger.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

interface Line<E> {
  readonly component: Component;
  /** A function where the event's content decides. */
  readonly level: Level | ((event: E) => Level);
  readonly message: string;
}

/** How each event reads in the log. What happens for every alert on its way is debug, what became of it is info. */
const LINES: { readonly [N in DomainEventName]: Line<DomainEvents[N]> } = {
  'alert.accepted': { component: 'api', level: 'info', message: 'Alert accepted' },
  'alert.replayed': {
    component: 'api',
    level: 'info',
    message: 'Repeated alert: answered as the first time',
  },
  'alert.refused': {
    component: 'api',
    level: ({ code }) => (code === 'internal' ? 'error' : code === 'queue_unavailable' ? 'warn' : 'info'),
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
  'quota.exhausted': { component: 'api', level: 'info', message: "Today's quota is used up" },
  'quota.reset': { component: 'job', level: 'info', message: 'Quotas reset' },
  'integration.created': { component: 'api', level: 'info', message: 'Integration created' },
  'integration.revoked': { component: 'app', level: 'info', message: 'Integration revoked' },
  'integration.rotated': { component: 'api', level: 'info', message: 'Integration token rotated' },
  'chat.unreachable': { component: 'worker', level: 'warn', message: 'Chat is unreachable' },
  'chat.reachable': { component: 'bot', level: 'info', message: 'Chat is reachable again' },
  'chat.migrated': { component: 'app', level: 'info', message: 'Chat has a new id' },
  'telegram.called': { component: 'app', level: 'debug', message: 'Called the Bot API' },
  'telegram.rate_limited': {
    component: 'worker',
    level: 'warn',
    message: 'Telegram asks to wait: too many messages',
  },
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
export function logEvents(events: EventBus, logger: Logger): void {
  // Object.keys widens the union to string.
  for (const name of Object.keys(LINES) as DomainEventName[]) observe(events, name, logger);
}

function observe<N extends DomainEventName>(events: EventBus, name: N, logger: Logger): void {
  const { component, level, message } = LINES[name];
  const log = logger.child(component);
  events.on(name, (event) => {
    log[typeof level === 'function' ? level(event) : level]({ event: name, ...toFields(event) }, message);
  });
}

/** Events name the keyed hash `chat`; in logs it is `chatId`, as the contract has it. */
function toFields(event: object): LogFields {
  const { chat, ...rest } = event as { chat?: string }; // every event is a flat record of this shape
  return chat === undefined ? rest : { chatId: chat, ...rest };
}
