import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { connectRedis } from '../../../src/redis/connect.ts';

describe('REDIS_URL', () => {
  it('of one server goes to the driver as it is, without our parameters', () => {
    expect(parseRedisUrl('redis://u:p%40@host:6380/2')).toEqual({
      kind: 'single',
      url: 'redis://u:p%40@host:6380/2',
      tls: undefined,
    });
    expect(parseRedisUrl('rediss://host')).toEqual({
      kind: 'single',
      url: 'rediss://host',
      tls: {},
    });
  });

  it('names the files for TLS, which are read when a connection is made', () => {
    const query = new URLSearchParams({ ca: '/a ca', cert: '/a cert', key: '/a key' });
    const tls = { ca: '/a ca', cert: '/a cert', key: '/a key' };
    expect(parseRedisUrl(`rediss://host:1?${query}`)).toEqual({
      kind: 'single',
      url: 'rediss://host:1',
      tls,
    });
    expect(parseRedisUrl(`rediss+cluster://host?${query}`)).toMatchObject({ kind: 'cluster', tls });
    const target = parseRedisUrl('rediss://host?ca=/nowhere/ca.crt');
    expect(() => connectRedis(target, 'fast', () => undefined)).toThrow('ENOENT');
  });

  it('of sentinels names them, the master, and both kinds of users', () => {
    expect(
      parseRedisUrl(
        'redis+sentinel://u:p@a,b:1,[::1],[::2]:2/my%20master?sentinelPassword=s%26&sentinelUsername=v',
      ),
    ).toEqual({
      kind: 'sentinel',
      hosts: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 1 },
        { host: '::1', port: 26_379 },
        { host: '::2', port: 2 },
      ],
      master: 'my master',
      auth: { username: 'u', password: 'p' },
      sentinelAuth: { sentinelUsername: 'v', sentinelPassword: 's&' },
      tls: undefined,
    });
  });

  it('of a cluster names its nodes; a password may come without a user', () => {
    expect(parseRedisUrl('redis+cluster://:p%3Aw@a,b:7000')).toEqual({
      kind: 'cluster',
      hosts: [
        { host: 'a', port: 6_379 },
        { host: 'b', port: 7_000 },
      ],
      auth: { password: 'p:w' },
      tls: undefined,
    });
  });

  it.each(['http://secret@host', 'redis+cluster://:secret@', 'redis+sentinel://:secret@a', 'secret'])(
    'refuses %s, without repeating it',
    (url) => {
      expect(() => parseRedisUrl(url)).toThrow(RangeError);
      expect(() => parseRedisUrl(url)).toThrow(/^(?!.*secret)/);
    },
  );
});
