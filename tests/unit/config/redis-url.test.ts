import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';

describe('REDIS_URL', () => {
  it('of one server goes to the driver as it is, without our parameters', () => {
    expect(parseRedisUrl('redis://u:p%40@host:6380/2')).toEqual({
      kind: 'single',
      url: 'redis://u:p%40@host:6380/2',
      tls: {},
    });
    expect(parseRedisUrl('rediss://host')).toEqual({
      kind: 'single',
      url: 'rediss://host',
      tls: { tls: {} },
    });
  });

  it('reads the files that it names for TLS', () => {
    const dir = mkdtempSync(join(tmpdir(), 'pingui-url-'));
    try {
      const query = new URLSearchParams();
      for (const name of ['ca', 'cert', 'key']) {
        const file = join(dir, `a ${name}`);
        writeFileSync(file, `PEM ${name}`);
        query.set(name, file);
      }
      const tls = { tls: { ca: 'PEM ca', cert: 'PEM cert', key: 'PEM key' } };
      expect(parseRedisUrl(`rediss://host:1?${query}`)).toEqual({
        kind: 'single',
        url: 'rediss://host:1',
        tls,
      });
      expect(parseRedisUrl(`rediss+cluster://host?${query}`)).toMatchObject({ kind: 'cluster', tls });
    } finally {
      rmSync(dir, { recursive: true });
    }
    expect(() => parseRedisUrl('rediss://host?ca=/nowhere/ca.crt')).toThrow('ENOENT');
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
      tls: {},
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
      tls: {},
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
