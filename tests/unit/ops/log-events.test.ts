import { expect, it } from 'vitest';
import { createEventBus, type RefusedAccess } from '../../../src/domain/events.ts';
import { logEvents } from '../../../src/ops/log-events.ts';
import { createLogger } from '../../../src/ops/logger.ts';

function observed() {
  const lines: Record<string, unknown>[] = [];
  const events = createEventBus();
  const log = createLogger({
    level: 'debug',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const clock = { ms: 1_000, now: () => clock.ms };
  logEvents(events, log, clock);
  return { events, lines, clock };
}

it('names the chat hash chatId and keeps the ids of alert, integration and request', () => {
  const { events, lines } = observed();
  events.emit('alert.accepted', {
    alertId: 'a',
    integrationId: 7,
    chat: 'c0ffee',
    priority: 'high',
    requestId: 'r',
  });
  expect(lines).toEqual([
    expect.objectContaining({
      component: 'api',
      level: 'info',
      message: 'Alert accepted',
      event: 'alert.accepted',
      alertId: 'a',
      integrationId: 7,
      chatId: 'c0ffee',
      requestId: 'r',
      priority: 'high',
    }),
  ]);
  expect(lines[0]).not.toHaveProperty('chat');
});

it('chooses the level by what it means to the operator', () => {
  const { events, lines } = observed();
  const alert = { alertId: 'a', integrationId: 7, chat: 'c' };
  events.emit('alert.sending', { ...alert, part: 1 });
  events.emit('alert.delivered', { ...alert, parts: 1, tookMs: 5 });
  events.emit('alert.failed', { ...alert, reason: 'blocked' });
  events.emit('alert.uncertain', { ...alert, reason: 'timeout' });
  events.emit('alert.refused', { code: 'quota_exhausted' });
  events.emit('alert.refused', { code: 'internal' });
  events.emit('telegram.halted', { reason: 'unauthorized' });
  events.emit('upkeep.done', { expired: 0, uncertain: 0, lost: 0 });
  events.emit('upkeep.done', { expired: 0, uncertain: 0, lost: 1 });
  events.emit('quota.used_up', { integrationId: 7, chat: 'c' });
  events.emit('alert.dropped', alert);
  expect(lines.map(({ level }) => level)).toEqual([
    'debug',
    'info',
    'warn',
    'warn',
    'info',
    'error',
    'error',
    'debug',
    'warn',
    'warn',
    'warn',
  ]);
});

it("writes a failed job's error as plain data", () => {
  const { events, lines } = observed();
  events.emit('job.failed', { job: 'backup', error: new TypeError('disk full') });
  expect(lines[0]).toMatchObject({
    component: 'job',
    level: 'error',
    job: 'backup',
    error: { type: 'TypeError', message: 'disk full' },
  });
});

it('leaves a line for each refused access, 10 a minute of a kind at most, and says how many it left out', () => {
  const { events, lines, clock } = observed();
  const refuse = (kind: RefusedAccess) =>
    events.emit('access.refused', { kind, client: 'c0ffee', requestId: 'r' });
  for (let times = 0; times < 200; times += 1) refuse('token');
  refuse('sign_in');
  expect(lines).toHaveLength(11);
  expect(lines[0]).toMatchObject({ level: 'info', kind: 'token', client: 'c0ffee', requestId: 'r' });
  expect(lines[10]).toMatchObject({ level: 'warn', kind: 'sign_in' });
  clock.ms += 60_000;
  refuse('token');
  expect(lines[11]).toMatchObject({ kind: 'token', leftOut: 190 });
});

it('tells of a refused alert that it was no token or too many requests, with the access alone', () => {
  const { events, lines } = observed();
  for (const code of ['unauthorized', 'rate_limited', 'queue_full'] as const)
    events.emit('alert.refused', { code });
  expect(lines.map(({ level }) => level)).toEqual(['debug', 'debug', 'info']);
});

it('says whom a 429 is taken to mean', () => {
  const { events, lines } = observed();
  for (const scope of ['chat', 'suspected', 'bot'] as const)
    events.emit('telegram.rate_limited', { chat: 'c', scope, waitMs: 5 });
  expect(new Set(lines.map(({ message }) => message)).size).toBe(3);
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn']);
});
