import { Counter, Histogram, type Registry } from 'prom-client';
import {
  type DomainEventName,
  type DomainEvents,
  type EventBus,
  REFUSED_ACCESS,
} from '../../domain/events.ts';
import { JOB_NAMES } from '../../domain/jobs.ts';
import { CALLS, createLabelBound, DEFERRALS, FAILURES, REFUSALS, UNCERTAINTIES } from './labels.ts';

/** Seconds from acceptance to delivery. One a second over a full queue of 500 makes the upper end ordinary. */
const DELIVERY_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800];
/** Seconds of one call of the Bot API: a long poll takes up to 30, and so may a call under flood. */
const CALL_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What each event counts. A Record, so that a new event cannot be forgotten; `null`: nothing. */
type Observers = { readonly [N in DomainEventName]: ((event: DomainEvents[N]) => unknown) | null };

/** Counts what the events tell since this process started. */
export function countEvents(
  deps: {
    readonly events: EventBus;
    /** The names of the adapters. */
    readonly adapters?: readonly string[];
  },
  registry: Registry,
): void {
  const { events } = deps;
  const registers = [registry];
  const count = (name: string, help: string) => {
    const counter = new Counter({ name, help, registers });
    return () => counter.inc();
  };
  const countBy = (name: string, label: string, help: string, known: readonly string[]) => {
    const counter = new Counter({ name, help, labelNames: [label], registers });
    for (const value of known) counter.labels(value).inc(0);
    const bound = createLabelBound(known);
    return (value: string) => counter.labels(bound(value)).inc();
  };

  const accepted = count('pingui_alerts_accepted_total', 'Alerts accepted.');
  const folded = count(
    'pingui_alerts_folded_total',
    'Alerts accepted into a message that was there already.',
  );
  const delivered = count('pingui_alerts_delivered_total', 'Alerts that Telegram confirmed.');
  const failed = countBy('pingui_alerts_failed_total', 'reason', 'Alerts that will not arrive.', FAILURES);
  const uncertain = countBy(
    'pingui_alerts_uncertain_total',
    'reason',
    'Alerts that Telegram may or may not have.',
    UNCERTAINTIES,
  );
  const expired = count('pingui_alerts_expired_total', 'Alerts whose ttl ran out before they were sent.');
  const dropped = count('pingui_alerts_dropped_total', 'Jobs that the ledger has no entry for.');
  const refused = countBy('pingui_alerts_refused_total', 'code', 'Alerts refused.', REFUSALS);
  const ignored = countBy(
    'pingui_deliveries_ignored_total',
    'adapter',
    'Deliveries of tools that are no alert: events that their adapter does not know, or leaves out.',
    deps.adapters ?? [],
  );
  const deferred = countBy(
    'pingui_alerts_deferred_total',
    'reason',
    'Times an alert was put back in the queue.',
    DEFERRALS,
  );
  const resent = countBy('pingui_alerts_resent_total', 'by', 'Alerts queued again on request.', [
    'sender',
    'operator',
  ]);
  const replayed = count('pingui_alerts_replayed_total', 'Repeated requests given the first answer again.');
  const quota = count('pingui_quota_exhausted_total', "Alerts refused because the day's quota was used up.");
  const unreachable = count('pingui_chats_unreachable_total', 'Chats found to be unreachable.');
  const jobFailed = countBy('pingui_jobs_failed_total', 'job', 'Scheduled jobs that failed.', JOB_NAMES);
  const rateLimited = countBy(
    'pingui_telegram_rate_limited_total',
    'scope',
    "Telegram's 429 answers, by whom they are taken to mean.",
    ['chat', 'suspected', 'bot'],
  );
  const authRefused = countBy(
    'pingui_auth_refused_total',
    'kind',
    'Sign-ins, tokens and requests refused.',
    REFUSED_ACCESS,
  );
  const took = new Histogram({
    name: 'pingui_delivery_seconds',
    help: 'Time from acceptance to delivery.',
    buckets: DELIVERY_BUCKETS,
    registers,
  });
  const called = countCalls(registry);

  observe(events, {
    'alert.accepted': accepted,
    'alert.folded': folded,
    'alert.replayed': replayed,
    'delivery.ignored': ({ adapter }) => ignored(adapter),
    'alert.refused': ({ code }) => refused(code),
    'alert.sending': null,
    'alert.delivered': ({ tookMs, isNotice }) => {
      if (isNotice) return;
      delivered();
      took.observe(tookMs / 1000);
    },
    'alert.failed': ({ reason, isNotice }) => isNotice || failed(reason),
    'alert.uncertain': ({ reason, isNotice }) => isNotice || uncertain(reason),
    'alert.expired': ({ isNotice }) => isNotice || expired(),
    'alert.dropped': dropped,
    'ledger.failed': null,
    'alert.deferred': ({ reason }) => deferred(reason),
    'alert.resent': ({ by }) => resent(by),
    'quota.used_up': null,
    'quota.exhausted': quota,
    'quota.reset': null,
    'integration.created': null,
    'integration.revoked': null,
    'integration.rotated': null,
    'key.made': null,
    'key.revoked': null,
    'integration.limited': null,
    'chat.unreachable': unreachable,
    'chat.reachable': null,
    'chat.blocked': null,
    'chat.unblocked': null,
    'chat.migrated': null,
    'access.refused': ({ kind }) => authRefused(kind),
    'telegram.flood_ended': null,
    'telegram.called': called,
    'telegram.rate_limited': ({ scope }) => rateLimited(scope),
    'telegram.unreachable': null,
    'telegram.recovered': null,
    'telegram.halted': null,
    'backup.written': null,
    'backup.left': null,
    'job.failed': ({ job }) => jobFailed(job),
    'upkeep.done': null,
    'health.changed': null,
  });
}

function observe(events: EventBus, observers: Observers): void {
  const add = <N extends DomainEventName>(name: N) => {
    const observer = observers[name];
    if (observer !== null) events.on(name, observer);
  };
  // Object.keys widens the union to string.
  for (const name of Object.keys(observers) as DomainEventName[]) add(name);
}

function countCalls(registry: Registry): (event: DomainEvents['telegram.called']) => void {
  const registers = [registry];
  const requests = new Counter({
    name: 'pingui_telegram_requests_total',
    help: 'Calls of the Bot API by method and result.',
    labelNames: ['method', 'result'],
    registers,
  });
  for (const [method, result] of CALLS) requests.labels(method, result).inc(0);
  const duration = new Histogram({
    name: 'pingui_telegram_request_duration_seconds',
    help: 'How long calls of the Bot API took; a long poll waits for updates.',
    labelNames: ['method'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const bound = createLabelBound();
  return ({ method, result, tookMs }) => {
    const name = bound(method);
    requests.labels(name, result).inc();
    duration.labels(name).observe(tookMs / 1000);
  };
}
