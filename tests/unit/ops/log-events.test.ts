import { expect, it } from 'vitest';
import { createEventBus } from '../../../src/domain/events.ts';
import { logEvents } from '../../../src/ops/log-events.ts';
import { createLogger } from '../../../src/ops/logger.ts';

function observed() {
  const lines: Record<string, unknown>[] = [];
  const events = createEventBus();
  const log = createLogger({
    level: 'debug',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  logEvents(events, log);
  return { events, lines };
}

it('names the chat hash chatId and keeps the ids of alert and request', () => {
  const { events, lines } = observed();
  events.emit('alert.accepted', { alertId: 'a', chat: 'c0ffee', priority: 'high', requestId: 'r' });
  expect(lines).toEqual([
    expect.objectContaining({
      component: 'api',
      level: 'info',
      message: 'Alert accepted',
      event: 'alert.accepted',
      alertId: 'a',
      chatId: 'c0ffee',
      requestId: 'r',
      priority: 'high',
    }),
  ]);
  expect(lines[0]).not.toHaveProperty('chat');
});

it('chooses the level by what it means to the operator', () => {
  const { events, lines } = observed();
  const alert = { alertId: 'a', chat: 'c' };
  events.emit('alert.sending', { ...alert, part: 1 });
  events.emit('alert.delivered', { ...alert, parts: 1, tookMs: 5 });
  events.emit('alert.failed', { ...alert, reason: 'blocked' });
  events.emit('alert.uncertain', { ...alert, reason: 'timeout' });
  events.emit('alert.refused', { code: 'quota_exhausted' });
  events.emit('alert.refused', { code: 'internal' });
  events.emit('telegram.halted', { reason: 'unauthorized' });
  events.emit('upkeep.done', { expired: 0, uncertain: 0, lost: 0 });
  events.emit('upkeep.done', { expired: 0, uncertain: 0, lost: 1 });
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
