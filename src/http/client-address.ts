import { isIP } from 'node:net';
import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';

/** Bits of an IPv6 address that one client has: providers hand out /56 to /64, and whoever has a /56 has all of it. */
const IPV6_SUBNET = 56;

/**
 * Who counts as one client: an IPv4 address, or an IPv6 network. All limits per address go by it. What a proxy writes
 * that is no address counts for the proxy itself.
 */
export function clientOf(req: Pick<Request, 'ip' | 'socket'>): string {
  const address = bareAddress(req.ip) ?? bareAddress(req.socket.remoteAddress) ?? 'unknown';
  return ipKeyGenerator(address, IPV6_SUBNET);
}

/**
 * The address in an entry of X-Forwarded-For or in a socket's address: without the port that some proxies append
 * (`203.0.113.1:4711`, `[2001:db8::1]:4711`), brackets, quotes (RFC 7239) and an interface (`fe80::1%eth0`). Undefined
 * where there is none.
 */
export function bareAddress(text: string | undefined): string | undefined {
  const entry = (text ?? '').trim().replace(/^"(.*)"$/, '$1');
  const host =
    /^\[([^\]]*)\](?::\d*)?$/.exec(entry)?.[1] ?? /^(\d+(?:\.\d+){3}):\d*$/.exec(entry)?.[1] ?? entry;
  const address = host.replace(/%.*$/, '');
  return isIP(address) === 0 ? undefined : address;
}

/** True if TRUST_PROXY covers who opened this connection: its X-Forwarded headers are a proxy's, and no client's. */
export function isBehindProxy(req: Pick<Request, 'app' | 'socket'>): boolean {
  // Express makes it of `trust proxy`; `req.host` goes by it as well.
  const trusts = req.app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return trusts(req.socket.remoteAddress ?? '', 0);
}
