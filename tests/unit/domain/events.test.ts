import { describe, expect, it } from 'vitest';
import { ALERT_STATUSES, hasEnded } from '../../../src/domain/alert.ts';
import { createEventBus } from '../../../src/domain/events.ts';

describe('the event bus', () => {
  it('calls the listeners of a name in the order they came, and no others', () => {
    const bus = createEventBus();
    const heard: string[] = [];
    bus.emit('alert.expired', { alertId: 'a', integrationId: 7, chat: 'c' });
    bus.on('alert.expired', ({ alertId }) => heard.push(`first ${alertId}`));
    bus.on('alert.expired', ({ alertId }) => heard.push(`second ${alertId}`));
    bus.on('alert.refused', () => heard.push('other'));
    bus.emit('alert.expired', { alertId: 'b', integrationId: 7, chat: 'c' });
    expect(heard).toEqual(['first b', 'second b']);
  });

  it('shares nothing with another bus', () => {
    const heard: string[] = [];
    createEventBus().on('chat.reachable', () => heard.push('x'));
    createEventBus().emit('chat.reachable', { chat: 'c' });
    expect(heard).toEqual([]);
  });
});

describe('the status of an alert', () => {
  it('changes by itself only while it is queued or sending', () => {
    expect(ALERT_STATUSES.filter((status) => !hasEnded(status))).toEqual(['queued', 'sending']);
  });
});
