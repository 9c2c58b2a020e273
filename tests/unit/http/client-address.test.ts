import { describe, expect, it } from 'vitest';
import { bareAddress, clientOf } from '../../../src/http/client-address.ts';

const PROXY = '192.0.2.9';
const client = (ip: string | undefined) => clientOf({ ip, socket: { remoteAddress: PROXY } } as never);

describe('who counts as one client', () => {
  it.each([
    [
      '203.0.113.1',
      '203.0.113.1:4711',
      '203.0.113.1:9',
      ' 203.0.113.1 ',
      '"203.0.113.1:80"',
      '::ffff:203.0.113.1',
    ],
    ['2001:db8::1', '[2001:db8::1]', '[2001:db8::1]:4711', '"[2001:db8::1]:4711"', '2001:DB8:0:0::1'],
    ['2001:db8::1', '2001:db8:0:1::9', '[2001:db8:0:ff::2]:443'],
    ['fe80::1', 'fe80::1%eth0', '[fe80::1%eth0]:80'],
    [PROXY, undefined, '', 'unknown', '_hidden', '203.0.113.1.5', 'evil.example:80', '999.1.1.1:80', '[::'],
  ])('%j, however it is written', (...forms) => {
    expect(new Set(forms.map(client)).size).toBe(1);
  });

  it('is another one with another IPv4 address, or another IPv6 network', () => {
    const all = ['203.0.113.1', '203.0.113.2:1', '2001:db8::1', '2001:db8:0:100::1', '::ffff:203.0.113.3'];
    expect(new Set(all.map(client)).size).toBe(all.length);
  });
});

it('reads no address out of what is none', () => {
  expect(['1.2.3.4', '1.2.3.4:x', '1.2.3.4:80:80', ':80'].map(bareAddress)).toEqual([
    '1.2.3.4',
    ...[undefined, undefined, undefined],
  ]);
});
