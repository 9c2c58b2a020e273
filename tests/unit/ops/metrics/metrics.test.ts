import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createEventBus } from '../../../../src/domain/events.ts';
import { FAILURES, UNCERTAINTIES } from '../../../../src/ops/metrics/labels.ts';
import { createMetrics, type MetricsDeps } from '../../../../src/ops/metrics/metrics.ts';
import { FETCH_TYPES, UNCERTAIN_CODES } from '../../../../src/telegram/network-faults.ts';
import { ANSWER_TABLE } from '../../../../src/telegram/outcomes.ts';
import { COUNTS, NOW, SOURCES, STILL } from './metrics-sources.ts';

const ALERT = { alertId: 'a', integrationId: 7, chat: 'c' };

function setUp(deps: Partial<MetricsDeps> = {}) {
  const events = createEventBus();
  const metrics = createMetrics({
    ...SOURCES,
    events,
    processMetrics: false,
    ...deps,
  });
  return {
    events,
    metrics,
    lines: async () => (await metrics.render()).body.split('\n').filter((line) => !line.startsWith('#')),
  };
}

it('renders the Prometheus text format with its content type', async () => {
  const metrics = createMetrics({ ...SOURCES, events: createEventBus() });
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
  events.emit('alert.failed', { ...ALERT, reason: 'bot_blocked' });
  events.emit('alert.uncertain', { ...ALERT, reason: 'timeout' });
  events.emit('alert.deferred', { ...ALERT, reason: 'flood_wait', waitMs: 1 });
  events.emit('alert.resent', { ...ALERT, by: 'operator' });
  events.emit('quota.exhausted', { integrationId: 1, chat: 'c' });
  events.emit('chat.unreachable', { chat: 'c', reason: 'blocked' });
  events.emit('job.failed', { job: 'backup', error: new Error('x') });
  events.emit('alert.dropped', ALERT);
  events.emit('alert.folded', { ...ALERT, into: 'incident' });
  for (const kind of ['token', 'token', 'webhook'] as const)
    events.emit('access.refused', { kind, client: 'c0ffee', requestId: 'r' });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'pingui_alerts_accepted_total 2',
      'pingui_alerts_replayed_total 1',
      'pingui_alerts_refused_total{code="queue_full"} 1',
      'pingui_alerts_failed_total{reason="bot_blocked"} 1',
      'pingui_alerts_uncertain_total{reason="timeout"} 1',
      'pingui_alerts_deferred_total{reason="flood_wait"} 1',
      'pingui_alerts_resent_total{by="operator"} 1',
      'pingui_quota_exhausted_total 1',
      'pingui_chats_unreachable_total 1',
      'pingui_jobs_failed_total{job="backup"} 1',
      'pingui_alerts_dropped_total 1',
      'pingui_alerts_folded_total 1',
      'pingui_auth_refused_total{kind="token"} 2',
      'pingui_auth_refused_total{kind="webhook"} 1',
      'pingui_auth_refused_total{kind="sign_in"} 0',
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
  expect(failed.length).toBe(FAILURES.length + 41);
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
    const { lines } = setUp({ countQueue: () => count(), timeoutMs: 30 });
    await lines();
    for (const broken of [
      () => Promise.reject(new Error('down')),
      () => new Promise<never>(() => undefined),
    ]) {
      count = broken;
      const during = await lines();
      expect(during).toContain('pingui_queue_up 0');
      const gone = /^pingui_queue_(jobs|paused|oldest)/;
      expect(during.filter((line) => gone.test(line))).toEqual([]);
    }
  });
});

describe('Telegram', () => {
  it('is shown as this process knows it', async () => {
    let isUp = true;
    let state: 'ok' | 'halted' = 'ok';
    const { lines } = setUp({ isTelegramUp: () => isUp, senderState: () => state });
    expect(await lines()).toEqual(expect.arrayContaining(['pingui_telegram_up 1', 'pingui_worker_halted 0']));
    isUp = false;
    expect(await lines()).toEqual(expect.arrayContaining(['pingui_telegram_up 0', 'pingui_worker_halted 0']));
    state = 'halted';
    expect(await lines()).toEqual(expect.arrayContaining(['pingui_telegram_up 0', 'pingui_worker_halted 1']));
  });

  it('halts no worker where this process does not send', async () => {
    const text = (await setUp().lines()).join();
    expect(text).toContain('pingui_telegram_up 1');
    expect(text).not.toContain('pingui_worker_halted');
  });

  it('is counted by method, result and time, and by what a flood wait is about', async () => {
    const { events, lines } = setUp();
    events.emit('telegram.called', { method: 'sendMessage', result: 'ok', tookMs: 200 });
    events.emit('telegram.called', { method: 'sendDocument', result: 'rate_limited', tookMs: 20 });
    events.emit('telegram.rate_limited', { chat: 'c', scope: 'bot', waitMs: 5_000 });
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'pingui_telegram_requests_total{method="sendMessage",result="ok"} 1',
        'pingui_telegram_requests_total{method="sendMessage",result="unauthorized"} 0',
        'pingui_telegram_requests_total{method="sendDocument",result="rate_limited"} 1',
        'pingui_telegram_request_duration_seconds_sum{method="sendMessage"} 0.2',
        'pingui_telegram_rate_limited_total{scope="chat"} 0',
        'pingui_telegram_rate_limited_total{scope="bot"} 1',
      ]),
    );
  });
});

describe('the jobs', () => {
  it('show when each last succeeded, wherever it ran', async () => {
    let broken = false;
    const { lines } = setUp({
      jobHistory: async () => {
        if (broken) throw new Error('down');
        return { lastSuccess: { upkeep: NOW, backup: NOW - 1_000 }, backupBytes: 7 };
      },
    });
    const shown = async () => (await lines()).filter((line) => line.startsWith('pingui_job_last'));
    expect(await shown()).toEqual([
      'pingui_job_last_success_timestamp_seconds{job="upkeep"} 1700000000',
      'pingui_job_last_success_timestamp_seconds{job="backup"} 1699999999',
    ]);
    broken = true;
    expect(await shown()).toEqual([]);
  });
});

describe('the queue as operators and senders feel it', () => {
  it('is paused or not, and has an oldest alert', async () => {
    let motion = { ...STILL, isPaused: true, oldestAt: (NOW - 90_000) as number | null };
    const { lines } = setUp({ motion: async () => motion });
    expect(await lines()).toEqual(
      expect.arrayContaining(['pingui_queue_paused 1', 'pingui_queue_oldest_age_seconds 90']),
    );
    motion = { ...STILL, oldestAt: null };
    expect(await lines()).toEqual(
      expect.arrayContaining(['pingui_queue_paused 0', 'pingui_queue_oldest_age_seconds 0']),
    );
  });
});

describe('the last backup', () => {
  const sizes = (lines: string[]) => lines.filter((line) => line.startsWith('pingui_backup'));

  it('is absent until there is one, and then known, whichever process wrote it', async () => {
    let history: { lastSuccess: { backup?: number }; backupBytes: number | undefined } = {
      lastSuccess: {},
      backupBytes: undefined,
    };
    const { lines } = setUp({ jobHistory: async () => history });
    expect(sizes(await lines())).toEqual([]);
    history = { lastSuccess: { backup: NOW }, backupBytes: 7 };
    expect(sizes(await lines())).toEqual([
      'pingui_backup_last_success_timestamp_seconds 1700000000',
      'pingui_backup_size_bytes 7',
    ]);
  });
});

describe('the whole service', () => {
  it('is in each scrape: checks, processes by role, incidents, what is pending against the cap', async () => {
    expect(await setUp().lines()).toEqual(
      expect.arrayContaining([
        'pingui_check_ok{check="redis"} 1',
        'pingui_check_ok{check="telegram"} 0',
        'pingui_check_ok{check="database"} 0',
        'pingui_processes{role="api"} 2',
        'pingui_processes{role="worker"} 1',
        'pingui_processes{role="scheduler"} 0',
        'pingui_incidents{state="open"} 2',
        'pingui_incidents{state="acknowledged"} 1',
        'pingui_queue_pending 7',
        'pingui_queue_capacity 500',
        'pingui_queue_scheduled 2',
        'pingui_queue_scheduled_capacity 10000',
      ]),
    );
  });

  it('lacks what does not answer, and what the service writes by itself counts as no alert', async () => {
    const fail = async () => {
      throw new Error('down');
    };
    const { events, lines } = setUp({ processes: fail, incidents: fail, countQueue: fail });
    for (const event of ['alert.failed', 'alert.uncertain'] as const)
      events.emit(event, { ...ALERT, reason: 'lost', isNotice: true });
    events.emit('alert.delivered', { ...ALERT, parts: 1, tookMs: 1, isNotice: true });
    events.emit('alert.expired', { ...ALERT, isNotice: true });
    const text = (await lines()).join('\n');
    expect(text).not.toMatch(/^pingui_(processes|incidents|queue_pending|queue_scheduled )/m);
    expect(text).not.toMatch(/^pingui_alerts_\w+_total(\{.*\})? [1-9]/m);
  });
});

it('makes the series of known codes at the start, so that a rate sees the first of them', async () => {
  const text = (await setUp().lines()).join('\n');
  for (const line of [
    'pingui_alerts_accepted_total 0',
    'pingui_alerts_failed_total{reason="lost"} 0',
    'pingui_alerts_refused_total{code="database_unavailable"} 0',
    'pingui_alerts_uncertain_total{reason="worker_died"} 0',
    'pingui_jobs_failed_total{job="backup"} 0',
    'pingui_build_info{version="1.2.3"} 1',
  ])
    expect(text).toContain(line);
});

it('knows the reasons of the taxonomy', () => {
  const outcomes = ANSWER_TABLE.map(({ outcome }) => outcome);
  const reasons = outcomes.flatMap((one) =>
    one.kind === 'failed' || one.kind === 'payload_rejected' ? [one.reason] : [],
  );
  expect(reasons.filter((reason) => !FAILURES.includes(reason))).toEqual([]);
  const faults = [...Object.values(UNCERTAIN_CODES), ...Object.values(FETCH_TYPES)];
  expect(faults.filter((reason) => !UNCERTAINTIES.includes(reason))).toEqual([]);
});

describe('quota hits', () => {
  it('are counted by name and hashed chat, also those during the look-up', async () => {
    const { events, lines } = setUp();
    for (const integrationId of [1, 1, 2, 404])
      events.emit('quota.exhausted', { integrationId, chat: `c${integrationId}` });
    await Promise.resolve();
    await lines();
    events.emit('quota.exhausted', { integrationId: 1, chat: 'c1' });
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'pingui_quota_hits_total{integration="name 1",chat="c1"} 3',
        'pingui_quota_hits_total{integration="name 2",chat="c2"} 1',
        'pingui_quota_hits_total{integration="unknown",chat="c404"} 1',
        'pingui_quota_exhausted_total 5',
      ]),
    );
  });

  it('have few series: the integration whose last hit is the oldest gives way', async () => {
    const { events, lines } = setUp();
    for (let integrationId = 1000; integrationId < 1300; integrationId += 1)
      events.emit('quota.exhausted', { integrationId, chat: 'c' });
    await lines();
    const hits = (await lines()).filter((line) => line.startsWith('pingui_quota_hits_total'));
    expect(hits).toHaveLength(200);
    expect(hits.at(-1)).toContain('name 1299');
  });
});

it('measures requests by method, route and status', async () => {
  const { metrics, lines } = setUp();
  const request = { method: 'GET', route: '/api/alerts/:id', status: 404, tookMs: 30, requestId: 'r' };
  metrics.observeRequest(request);
  for (let index = 0; index < 100; index += 1) metrics.observeRequest({ ...request, route: `/x${index}` });
  const text = await lines();
  const name = 'pingui_http_request_duration_seconds_count';
  expect(text).toContain(`${name}{method="GET",route="/api/alerts/:id",status="404"} 1`);
  expect(text.filter((line) => line.startsWith(name))).toHaveLength(41);
});

it('passes promtool without a word', async ({ skip }) => {
  const metrics = createMetrics({
    ...SOURCES,
    events: createEventBus(),
    senderState: () => 'ok',
    jobHistory: async () => ({ lastSuccess: { backup: NOW }, backupBytes: 1 }),
  });
  metrics.observeRequest({ method: 'GET', route: '/', status: 200, tookMs: 3, requestId: 'r' });
  const { body } = await metrics.render();
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
  if (checked.error !== undefined) skip('promtool is not installed (it comes with prometheus)');
  expect(`${checked.stdout}${checked.stderr}`).toBe('');
  expect(checked.status).toBe(0);
});
