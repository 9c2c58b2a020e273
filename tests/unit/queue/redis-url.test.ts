import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../../src/queue/redis-url.ts';

let dir: string;
let ca: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pingui-url-'));
  ca = join(dir, 'ca.pem');
  writeFileSync(ca, 'a certificate');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a REDIS_URL', () => {
  it('of one server is handed on as it is, without our parameters', () => {
    const url = 'redis://user:p%40ss@redis.example:6380/2';
    expect(parseRedisUrl(url)).toEqual({ kind: 'single', url, tls: {} });
    expect(parseRedisUrl('rediss://redis.example')).toEqual({
      kind: 'single',
      url: 'rediss://redis.example',
      tls: { tls: {} },
    });
    expect(parseRedisUrl(`rediss://redis.example:6380/1?ca=${encodeURIComponent(ca)}`)).toEqual({
      kind: 'single',
      url: 'rediss://redis.example:6380/1',
      tls: { tls: { ca: 'a certificate' } },
    });
  });

  it('of Sentinel names the sentinels and the master', () => {
    expect(
      parseRedisUrl('redis+sentinel://user:p%40ss@a.example,b.example:7000,[::1]:7001/main'),
    ).toMatchObject({
      kind: 'sentinel',
      hosts: [
        { host: 'a.example', port: 26_379 },
        { host: 'b.example', port: 7_000 },
        { host: '::1', port: 7_001 },
      ],
      master: 'main',
      auth: { username: 'user', password: 'p@ss' },
      tls: {},
    });
  });

  it('of a cluster names some of its nodes', () => {
    expect(parseRedisUrl('rediss+cluster://:secret@a.example,[fd00::2]')).toEqual({
      kind: 'cluster',
      hosts: [
        { host: 'a.example', port: 6_379 },
        { host: 'fd00::2', port: 6_379 },
      ],
      auth: { password: 'secret' },
      tls: { tls: {} },
    });
  });

  it.each([
    ['another scheme', 'http://user:hidden@redis.example'],
    ['no scheme', 'user:hidden@redis.example:6379'],
    ['an unknown kind', 'redis+proxy://user:hidden@redis.example'],
    ['a host without a name', 'redis+cluster://user:hidden@a.example,,b.example'],
    ['Sentinel without a master', 'redis+sentinel://user:hidden@a.example'],
    ['nothing', ''],
  ])('with %s is refused, and never repeated', (_, url) => {
    expect(() => parseRedisUrl(url)).toThrow(RangeError);
    try {
      parseRedisUrl(url);
    } catch (error) {
      expect((error as Error).message).not.toMatch(/hidden|user/);
    }
  });
});
