import { describe, expect, it } from 'vitest';
import { createSendLimits } from '../../../../src/sandbox/double/limits.ts';

describe('Telegram’s send limits', () => {
  it('take a short burst in one chat, then one message per second', () => {
    let now = 0;
    const limits = createSendLimits(() => now);
    expect([1, 2, 3, 4].map(() => limits.admit('send', 1, false))).toEqual([0, 0, 0, 1]);
    now = 1000;
    expect([limits.admit('send', 1, false), limits.admit('send', 1, false)]).toEqual([0, 1]);
  });

  it('take 20 messages a minute in a group and say how long to wait', () => {
    let now = 0;
    const limits = createSendLimits(() => now);
    for (let sent = 0; sent < 20; sent += 1) {
      expect(limits.admit('send', -1, true)).toBe(0);
      now += 1000;
    }
    expect(limits.admit('send', -1, true)).toBe(40);
    now = 60_000;
    expect(limits.admit('send', -1, true)).toBe(0);
  });

  it('take 30 messages a second over all chats, without counting refused ones', () => {
    let now = 0;
    const limits = createSendLimits(() => now);
    const answers = Array.from({ length: 35 }, (_, chat) => limits.admit('send', chat, false));
    expect(answers.filter((seconds) => seconds === 0)).toHaveLength(30);
    now = 1000;
    expect(limits.admit('send', 99, false)).toBe(0);
  });

  it('count edits of a chat apart from its messages, and both for the bot', () => {
    const limits = createSendLimits(() => 0);
    for (const kind of ['send', 'edit'] as const)
      expect([1, 2, 3, 4].map(() => limits.admit(kind, 1, false))).toEqual([0, 0, 0, 1]);
    for (let chat = 2; chat < 26; chat += 1) expect(limits.admit('edit', chat, false)).toBe(0);
    expect(limits.admit('send', 99, false)).toBe(1);
  });
});
