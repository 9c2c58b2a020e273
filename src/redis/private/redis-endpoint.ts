import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { join } from 'node:path';

/** Connection options as ioredis takes them. */
export type RedisEndpoint =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly password: string };

/** Bytes of sockaddr_un.sun_path without the ending NUL: 108 on Linux, 104 on macOS and the BSDs. */
const MAX_SOCKET_PATH = platform() === 'linux' ? 107 : 103;

export function socketEndpoint(dir: string): RedisEndpoint | undefined {
  const path = join(dir, 'redis.sock');
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH ? { path } : undefined;
}

/** A free loopback port and a random password. */
export function portEndpoint(): Promise<RedisEndpoint> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const password = randomBytes(24).toString('hex');
      probe.close(() => resolve({ host: '127.0.0.1', port, password }));
    });
  });
}

/** For ioredis: a socket's path stands for itself. Holds the password: not for logs. */
export function urlOf(endpoint: RedisEndpoint): string {
  return 'path' in endpoint
    ? endpoint.path
    : `redis://:${endpoint.password}@${endpoint.host}:${endpoint.port}`;
}

/** For logs. */
export function describeEndpoint(endpoint: RedisEndpoint): string {
  return 'path' in endpoint ? 'unix socket' : `${endpoint.host}:${endpoint.port}`;
}

/** redis.conf: AOF flushed every second, nothing ever evicted. Holds the password: write it with mode 0600. */
export function renderConfig(dir: string, endpoint: RedisEndpoint): string {
  const quoted = (path: string): string => `"${path.replace(/["\\]/g, '\\$&')}"`;
  const listen =
    'path' in endpoint
      ? ['port 0', `unixsocket ${quoted(endpoint.path)}`, 'unixsocketperm 700']
      : [`port ${endpoint.port}`, `requirepass ${endpoint.password}`];
  return [
    'bind 127.0.0.1',
    'protected-mode yes',
    ...listen,
    `dir ${quoted(dir)}`,
    `pidfile ${quoted(join(dir, 'redis.pid'))}`,
    `logfile ${quoted(join(dir, 'redis.log'))}`,
    'loglevel warning',
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}
