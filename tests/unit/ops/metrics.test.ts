import { describe, expect, it } from 'vitest';
import { createEventBus } from '../../../src/domain/events.ts';
import { createMetrics, type MetricsDeps } from '../../../src/ops/metrics.ts';

const COUNTS = {
  pending: 7,
  scheduled: 2,
  completed: 5,
  waiting: 4,
  delayed: 2,
  prioritized: 1,
  active: 1,
  failed: 3,
};
const ALERT = { alertId: 'a', chat: 'c' };

function setUp(deps: Partial<MetricsDeps> = {}) {
  const events = createEventBus();
  const metrics = createMetrics({
    events,
    clock: { now: () => 1_700_000_000_000 },
    countQueue: async () => COUNTS,
    queueCapacity: 500,
    processMetrics: false,
    ...deps,
  });
  return {
    events,
    lines: async () => (await metrics.render()).body.split('\n').filter((line) => !line.startsWith('#')),
  };
}

it('renders the Prometheus text format with its content type', async () => {
  const metrics = createMetrics({
    events: createEventBus(),
    clock: { now: () => 0 },
    countQueue: async () => COUNTS,
    queueCapacity: 500,
  });
  const { contentType, body } = await metrics.render();
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(body).toContain('# TYPE pingui_alerts_accepted_total counter');
  expect(body).toContain('process_cpu_seconds_total');
});

it('keeps one registry per app', async () => {
  const one = setUp();
  const other = setUp();
  one.events.emit('alert.expired', ALERT);
  expect(await one.lines()).toContain('pingui_alerts_expired_total 1');
  expect(await other.lines()).toContain('pingui_alerts_expired_total 0');
});

it('counts what the events tell', async () => {
  const { events, lines } = setUp();
  events.emit('alert.accepted', { ...ALERT, priority: 'normal' });
  events.emit('alert.accepted', { ...ALERT, priority: 'normal' });
  events.emit('alert.replayed', ALERT);
  events.emit('alert.refused', { code: 'queue_full' });
  events.emit('alert.failed', { ...ALERT, reason: 'blocked' });
  events.emit('alert.uncertain', { ...ALERT, reason: 'timeout' });
  events.emit('alert.deferred', { ...ALERT, reason: 'flood_wait', waitMs: 1 });
  events.emit('telegram.rate_limited', { chat: 'c', scope: 'bot', waitMs: 1 });
  events.emit('access.refused', { kind: 'token', client: 'c', requestId: 'r' });
  events.emit('alert.resent', { ...ALERT, by: 'operator' });
  events.emit('quota.exhausted', { integrationId: 1, chat: 'c' });
  events.emit('chat.unreachable', { chat: 'c', reason: 'blocked' });
  events.emit('job.failed', { job: 'backup', error: new Error('x') });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'pingui_alerts_accepted_total 2',
      'pingui_alerts_replayed_total 1',
      'pingui_alerts_refused_total{code="queue_full"} 1',
      'pingui_alerts_failed_total{reason="blocked"} 1',
      'pingui_alerts_uncertain_total{reason="timeout"} 1',
      'pingui_alerts_deferred_total{reason="flood_wait"} 1',
      'pingui_auth_refused_total{kind="token"} 1',
      'pingui_auth_refused_total{kind="sign_in"} 0',
      'pingui_telegram_rate_limited_total{scope="chat"} 0',
      'pingui_telegram_rate_limited_total{scope="bot"} 1',
      'pingui_alerts_resent_total{by="operator"} 1',
      'pingui_quota_exhausted_total 1',
      'pingui_chats_unreachable_total 1',
      'pingui_jobs_failed_total{job="backup"} 1',
    ]),
  );
});

it('measures the time from acceptance to delivery in seconds', async () => {
  const { events, lines } = setUp();
  events.emit('alert.delivered', { ...ALERT, parts: 1, tookMs: 1_500 });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'pingui_alerts_delivered_total 1',
      'pingui_delivery_seconds_bucket{le="1"} 0',
      'pingui_delivery_seconds_bucket{le="2"} 1',
      'pingui_delivery_seconds_sum 1.5',
      'pingui_delivery_seconds_count 1',
    ]),
  );
});

it('bounds the values of a label', async () => {
  const { events, lines } = setUp();
  for (let index = 0; index < 1_000; index++) events.emit('alert.failed', { ...ALERT, reason: `r${index}` });
  events.emit('alert.failed', { ...ALERT, reason: 'not a "code"\n' });
  const failed = (await lines()).filter((line) => line.startsWith('pingui_alerts_failed_total'));
  expect(failed.length).toBeLessThanOrEqual(41);
  expect(failed).toContain('pingui_alerts_failed_total{reason="other"} 961');
});

describe('the queue', () => {
  it('is measured at each scrape', async () => {
    let counts = COUNTS;
    const { lines } = setUp({ countQueue: async () => counts });
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'pingui_queue_up 1',
        'pingui_queue_capacity 500',
        'pingui_queue_jobs{state="waiting"} 4',
        'pingui_queue_jobs{state="delayed"} 2',
        'pingui_queue_jobs{state="prioritized"} 1',
        'pingui_queue_jobs{state="active"} 1',
        'pingui_queue_jobs{state="failed"} 3',
      ]),
    );
    counts = { ...COUNTS, waiting: 9 };
    expect(await lines()).toContain('pingui_queue_jobs{state="waiting"} 9');
  });

  it('is left out, and the scrape still answers, while Redis fails or hangs', async () => {
    let count: () => Promise<typeof COUNTS> = async () => COUNTS;
    const { lines } = setUp({ countQueue: () => count(), countTimeoutMs: 30 });
    await lines();
    for (const broken of [
      () => Promise.reject(new Error('down')),
      () => new Promise<never>(() => undefined),
    ]) {
      count = broken;
      const during = await lines();
      expect(during).toContain('pingui_queue_up 0');
      expect(during.filter((line) => line.startsWith('pingui_queue_jobs'))).toEqual([]);
    }
  });
});

describe('Telegram', () => {
  it('is shown as the worker knows it', async () => {
    let state: 'ok' | 'unreachable' | 'halted' = 'ok';
    const { lines } = setUp({ telegramState: () => state });
    expect(await lines()).toEqual(expect.arrayContaining(['pingui_telegram_up 1', 'pingui_worker_halted 0']));
    state = 'unreachable';
    expect(await lines()).toEqual(expect.arrayContaining(['pingui_telegram_up 0', 'pingui_worker_halted 0']));
    state = 'halted';
    expect(await lines()).toEqual(expect.arrayContaining(['pingui_telegram_up 0', 'pingui_worker_halted 1']));
  });

  it('is left out where this process does not send', async () => {
    expect((await setUp().lines()).join()).not.toContain('pingui_telegram_up');
  });
});

describe('the last backup', () => {
  it('is absent until there is one', async () => {
    const { events, lines } = setUp();
    expect((await lines()).join()).not.toContain('pingui_backup');
    events.emit('backup.written', { file: 'f', bytes: 1, tookMs: 1 });
    expect(await lines()).toContain('pingui_backup_last_success_timestamp_seconds 1700000000');
  });

  it('is known from an earlier run', async () => {
    const { lines } = setUp({ lastBackupAt: 1_600_000_000_000 });
    expect(await lines()).toContain('pingui_backup_last_success_timestamp_seconds 1600000000');
  });
});
