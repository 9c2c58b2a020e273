import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createTelegramClient } from '../../../src/telegram/connection.ts';
import { createTelegramSender } from '../../../src/telegram/sender.ts';
import { type SlowHost, startSlowHost } from '../../support/full-backlog.ts';

const SENT = JSON.stringify({ ok: true, result: { message_id: 42 } });
const TIMEOUT_MS = 20_000;
const REQUEST = {
  chatId: 1,
  part: { kind: 'message', text: 'm', entities: [] },
  silent: false,
  threadId: null,
  links: [],
} as const;
const V4: LookupAddress = { address: '127.0.0.1', family: 4 };
const V6: LookupAddress = { address: '::1', family: 6 };

const hosts: SlowHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});
async function start(...args: Parameters<typeof startSlowHost>): Promise<SlowHost> {
  const host = await startSlowHost(...args);
  hosts.push(host);
  return host;
}

/** A sender to a host with these addresses. */
function senderTo(addresses: readonly LookupAddress[], port: number, timeoutMs = TIMEOUT_MS) {
  const lookup: LookupFunction = (_name, _options, callback) => callback(null, [...addresses]);
  const apiRoot = `http://telegram.invalid:${port}`;
  return createTelegramSender({
    telegram: createTelegramClient({ token: '123:abc', apiRoot, timeoutMs, lookup }),
    timeoutMs,
  });
}

describe('a host with an IPv4 address and an IPv6 address that nobody answers', () => {
  it.each([
    ['first', [V4, V6]],
    ['last', [V6, V4]],
  ] as const)(
    'is reached over a network on which a connect takes a second: IPv4 %s',
    async (_, addresses) => {
      const host = await start(V4.address, SENT);
      const sending = senderTo(addresses, host.port).send(REQUEST);
      setTimeout(host.release, 400);
      expect(await sending).toEqual({ kind: 'delivered', messageId: 42 });
    },
    30_000,
  );

  it('is reached though the IPv6 address swallows everything, and at once from then on', async () => {
    const working = await start(V4.address, SENT);
    working.release();
    await start(V6.address, SENT, working.port);
    // 5 s to connect, 2 s of them for the first address.
    const sender = senderTo([V6, V4], working.port, 10_000);
    expect(await sender.send(REQUEST)).toEqual({ kind: 'delivered', messageId: 42 });
    const began = performance.now();
    expect(await sender.send(REQUEST)).toEqual({ kind: 'delivered', messageId: 42 });
    expect(performance.now() - began).toBeLessThan(1_500);
  }, 30_000);

  it('keeps the alert where no address answers, within the limit for connecting', async () => {
    const host = await start(V4.address, SENT);
    await start(V6.address, SENT, host.port);
    const began = performance.now();
    expect(await senderTo([V6, V4], host.port, 4_000).send(REQUEST)).toMatchObject({ kind: 'never_sent' });
    expect(performance.now() - began).toBeLessThan(3_500);
  }, 30_000);
});
