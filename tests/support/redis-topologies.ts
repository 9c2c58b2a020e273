import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../src/redis/private/find-redis-server.ts';
import { type RedisProcess, SOUND, startRedisProcess } from './redis-process.ts';

/** A Redis as people run it: what REDIS_URL says of it, and how to end it. */
export interface Topology {
  readonly url: string;
  /** All its servers, sentinels too. */
  readonly servers: readonly RedisProcess[];
  stop(): Promise<void>;
}

const PASSWORD = 'a-password-of-the-tests';

/** One server behind TLS with a private authority; it also asks for a client certificate, as Redis does by default. */
export async function startTlsRedis(): Promise<Topology & { readonly urlWithoutCertificate: string }> {
  const certificates = makeCertificates();
  const { ca, certificate, key } = certificates;
  const server = await startRedisProcess({
    settings: {
      ...SOUND,
      'tls-port': '0',
      'tls-ca-cert-file': ca,
      'tls-cert-file': certificate,
      'tls-key-file': key,
    },
  });
  // The port is known only now, and Redis can change it while it runs.
  await server.admin.config('SET', 'port', '0', 'tls-port', String(server.port));
  const base = `rediss://localhost:${server.port}`;
  const query = (parts: Record<string, string>) => `${base}?${new URLSearchParams(parts)}`;
  return {
    url: query({ ca, cert: certificate, key }),
    urlWithoutCertificate: query({ ca }),
    servers: [server],
    async stop() {
      await server.stop();
      certificates.remove();
    },
  };
}

/** One server with a user `pingui` that has these rules and no others. */
export async function startAclRedis(rules: string): Promise<Topology> {
  const server = await startRedisProcess({ settings: SOUND });
  await server.admin.call('ACL', 'SETUSER', 'pingui', 'on', `>${PASSWORD}`, ...rules.split(/\s+/));
  return {
    url: `redis://pingui:${PASSWORD}@127.0.0.1:${server.port}`,
    servers: [server],
    stop: server.stop,
  };
}

/** Undefined where no valkey-server is installed: Debian 12 has no package of it. */
export function findValkey(): string | undefined {
  return findProgram('valkey-server', process.env);
}

export async function startValkey(binary: string): Promise<Topology> {
  const server = await startRedisProcess({ binary, settings: SOUND });
  return { url: server.url, servers: [server], stop: server.stop };
}

/** An authority of our own and a certificate for localhost, good for two days; `remove` deletes them. */
function makeCertificates(): { ca: string; certificate: string; key: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-tls-'));
  const at = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  writeFileSync(at('san'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-subj',
    '/CN=tests',
    '-days',
    '2',
  );
  openssl('req', ...newKey, '-keyout', at('key'), '-out', at('csr'), '-subj', '/CN=localhost');
  const signing = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('san')];
  openssl('x509', '-req', '-in', at('csr'), ...signing, '-out', at('crt'), '-days', '2');
  return {
    ca: at('ca.crt'),
    certificate: at('crt'),
    key: at('key'),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
