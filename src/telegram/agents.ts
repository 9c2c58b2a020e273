import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import net, { type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { watchConnecting } from './connecting.ts';
import { createProxyAgent } from './proxy-agent.ts';

/** Longest time, in milliseconds, until name, TCP and TLS stand. Far above any real one; half the default call limit. */
const CONNECT_TIMEOUT_MS = 10_000;
/**
 * What of it one address gets before the next is tried: two fit in, and the second still has time for TLS. Node's own
 * 250 ms give up every address of a slow network (satellites, mobile), the one that works among them.
 */
const ATTEMPT_SHARE = 0.4;

/** How the Bot API is reached. */
export interface Way {
  readonly apiRoot: string;
  /** One call's limit, in milliseconds: connecting gets at most half of it. */
  readonly timeoutMs: number;
  /** `http:`, `https:`, `socks5:` or `socks5h:` URL, with user and password where the proxy wants them. */
  readonly proxy?: string | undefined;
  /** Default: the system's. */
  readonly lookup?: LookupFunction;
}

/** node-fetch asks it for the agent of each request. */
type Agents = () => http.Agent;

/**
 * The agents of calls to the Bot API, through the proxy if there is one (then each has its own connection). Every error
 * before the connection stands is marked NOT_CONNECTED, so that a firewall that drops packets keeps alerts queued.
 * @param keepAlive connections are used again
 */
export function createAgents(way: Way, keepAlive: boolean): Agents {
  const limitMs = Math.min(CONNECT_TIMEOUT_MS, way.timeoutMs / 2);
  const attemptMs = limitMs * ATTEMPT_SHARE;
  const { proxy } = way;
  if (proxy !== undefined) return () => createProxyAgent(proxy, { limitMs, attemptMs });
  const agent = createDirectAgent(way, { keepAlive, limitMs, attemptMs });
  return () => agent;
}

function createDirectAgent(
  { apiRoot, lookup = dnsLookup }: Way,
  { keepAlive, limitMs, attemptMs }: { keepAlive: boolean; limitMs: number; attemptMs: number },
): http.Agent {
  const isTls = new URL(apiRoot).protocol === 'https:';
  const families = createFamilies(lookup);
  const options = {
    keepAlive,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
    lookup: families.lookup,
  };
  const agent = isTls ? new https.Agent(options) : new http.Agent(options);
  const connect = agent.createConnection.bind(agent);
  const connected = isTls ? 'secureConnect' : 'connect';
  agent.createConnection = (given, callback) => {
    const socket = connect(given, callback);
    if (socket) {
      watchConnecting(socket, connected, limitMs);
      socket.once(connected, () => families.worked(socket));
    }
    return socket;
  };
  return agent;
}

/** The kind of address that worked last comes first: an unusable one costs its time once, not with each call. */
function createFamilies(lookup: LookupFunction): { lookup: LookupFunction; worked(socket: Duplex): void } {
  let last: number | undefined;
  return {
    lookup(hostname, options, callback) {
      lookup(hostname, options, (error, found, family) => {
        if (error || !Array.isArray(found)) return callback(error, found, family);
        const rank = (address: LookupAddress) => Number(address.family !== last);
        callback(
          error,
          found.toSorted((a, b) => rank(a) - rank(b)),
        );
      });
    },
    worked(socket) {
      if (socket instanceof net.Socket) last = socket.remoteFamily === 'IPv6' ? 6 : 4;
    },
  };
}
