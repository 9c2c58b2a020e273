import { TelegramError } from 'telegraf';
import type { Update } from 'telegraf/types';
import { describe, expect, it, vi } from 'vitest';
import { classifyFault } from '../../../src/bot/api-errors.ts';
import { BotContext } from '../../../src/bot/context.ts';
import { parseTokenRequest, tokenLink } from '../../../src/bot/deep-link.ts';
import { createDispatcher } from '../../../src/bot/updates/dispatcher.ts';
import { createSeenUpdates } from '../../../src/bot/updates/seen-updates.ts';
import { backoffMs } from '../../../src/bot/updates/update-source.ts';
import { createIntegrationCurl } from '../../../src/domain/curl-examples.ts';

describe('deep links', () => {
  const payloadOf = (link: string) => new URL(link).searchParams.get('start') ?? '';

  it('carry the chat and the name, and drop a name that would not fit', () => {
    const request = { chatId: -1_001_234_567_890, name: 'ñandú 1' };
    expect(parseTokenRequest(payloadOf(tokenLink('b', request)))).toEqual(request);
    const long = payloadOf(tokenLink('b', { ...request, name: 'ñ'.repeat(64) }));
    expect(long).toMatch(/^[\w-]{1,64}$/);
    expect(parseTokenRequest(long)).toEqual({ chatId: request.chatId, name: undefined });
  });

  it('are not read from foreign payloads, and give no unusable names', () => {
    for (const payload of ['', 'token', 'token_', 'token_x', 'ref', 'token_12345678901234567']) {
      expect(parseTokenRequest(payload)).toBeUndefined();
    }
    const bad = Buffer.from('a\nb').toString('base64url');
    expect(parseTokenRequest(`token_5_${bad}`)).toEqual({ chatId: 5, name: undefined });
  });
});

describe('commands', () => {
  const commandOf = (text: string) =>
    new BotContext(
      { update_id: 1, message: { text } } as Update,
      undefined as never,
      { username: 'MyBot' } as never,
    ).command;

  it.each([
    ['/token', { name: 'token', payload: '' }],
    ['/TOKEN@mybot  a  b ', { name: 'token', payload: 'a  b' }],
    ['/revoke\nweb', { name: 'revoke', payload: 'web' }],
    ['/id@otherbot', undefined],
    ['token', undefined],
    [' /token', undefined],
    ['/', undefined],
    ['/etc/passwd', undefined],
  ])('%j is %j', (text, expected) => {
    expect(commandOf(text)).toEqual(expected);
  });
});

describe('seen updates', () => {
  it('are known when they come again, also with a lower id', () => {
    const seen = createSeenUpdates();
    expect([seen.add(9), seen.add(3), seen.add(9), seen.add(3)]).toEqual([true, true, false, false]);
  });

  it('are forgotten at last, so that memory is bounded', () => {
    const seen = createSeenUpdates();
    for (let id = 0; id < 2_001; id++) seen.add(id);
    expect([seen.add(0), seen.add(2_000)]).toEqual([true, false]);
  });
});

describe('the dispatcher', () => {
  const inChat = (chatId: number, id: number) =>
    ({ update_id: id, message: { chat: { id: chatId } } }) as unknown as Update;
  const tick = () => new Promise((resolve) => setImmediate(resolve));

  it('keeps the order of a chat, works on others meanwhile, and never on more than allowed', async () => {
    const started: number[] = [];
    const finish = new Map<number, () => void>();
    const dispatcher = createDispatcher({
      concurrency: 2,
      handle: ({ update_id }) => {
        started.push(update_id);
        return new Promise((resolve) => finish.set(update_id, resolve));
      },
    });
    const all = [inChat(1, 10), inChat(1, 11), inChat(2, 20), inChat(3, 30)].map((one) =>
      dispatcher.dispatch(one),
    );
    await tick();
    expect(started).toEqual([10, 20]);
    finish.get(20)?.();
    await tick();
    expect(started).toEqual([10, 20, 30]);
    finish.get(10)?.();
    await tick();
    expect(started).toEqual([10, 20, 30, 11]);
    finish.get(30)?.();
    finish.get(11)?.();
    expect(await Promise.all(all)).toEqual(['handled', 'handled', 'handled', 'handled']);
    expect(dispatcher.size()).toBe(0);
  });

  it('goes on after a failure, and skips what was not begun when the signal aborts', async () => {
    const stop = new AbortController();
    const dispatcher = createDispatcher({
      handle: async ({ update_id }) => {
        if (update_id === 1) throw new Error('broken');
        stop.abort();
      },
    });
    const all = [1, 2, 3].map((id) => dispatcher.dispatch(inChat(1, id), stop.signal));
    expect(await Promise.allSettled(all)).toMatchObject([
      { status: 'rejected' },
      { value: 'handled' },
      { value: 'skipped' },
    ]);
  });
});

describe('faults of the Bot API', () => {
  const telegramError = (code: number, description: string, retry_after?: number) =>
    new TelegramError(
      {
        error_code: code,
        description,
        ...(retry_after === undefined ? {} : { parameters: { retry_after } }),
      },
      { method: 'sendMessage', payload: { text: 'secret text' } },
    );

  it('are told apart', () => {
    expect(classifyFault(telegramError(409, "can't use getUpdates while webhook is active"))).toMatchObject({
      webhook: true,
    });
    expect(classifyFault(telegramError(404, 'Not Found'))).toEqual({ kind: 'unauthorized' });
    expect(classifyFault(telegramError(429, 'Too Many Requests', 7))).toEqual({
      kind: 'flood',
      waitMs: 7_000,
    });
    expect(classifyFault(telegramError(502, 'Bad Gateway'))).toEqual({ kind: 'unreachable' });
    expect(classifyFault(new Error('socket hang up'))).toEqual({ kind: 'unreachable' });
  });

  it('lead to pauses that grow up to a limit', () => {
    const options = { baseMs: 100, maxMs: 1_000, unauthorizedMs: 9_000 };
    const pause = (failures: number, random: number) => {
      vi.spyOn(Math, 'random').mockReturnValue(random);
      const ms = backoffMs({ kind: 'unreachable' }, failures, options);
      vi.restoreAllMocks();
      return ms;
    };
    expect([1, 2, 3, 4, 5, 5_000].map((n) => pause(n, 1))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(pause(3, 0)).toBe(200);
    expect(backoffMs({ kind: 'unauthorized' }, 1, options)).toBe(9_000);
    expect(backoffMs({ kind: 'flood', waitMs: 500_000 }, 1, options)).toBe(1_000);
  });
});

describe('the command to paste', () => {
  it('is a whole curl call with the setup token', () => {
    expect(createIntegrationCurl('http://h:1', 'T')).toBe(
      `curl -X POST http://h:1/api/createIntegration \\\n  -H 'Authorization: Bearer T' \\\n  -H 'Content-Type: application/json' -d '{}'`,
    );
  });
});
