import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { startLimit } from '../async/limit.ts';
import { markNotConnected, watchConnecting } from './connecting.ts';

interface Limits {
  /** Until the Bot API is connected through the proxy, TLS included, in ms. */
  readonly limitMs: number;
  /** For one address of the proxy before the next is tried, in ms. */
  readonly attemptMs: number;
}

/**
 * An agent for one connection through a proxy: CONNECT for `http:` and `https:`, else SOCKS 5. All that goes wrong before
 * the Bot API is connected is marked NOT_CONNECTED, a refusal of the proxy's among it: its answer must never be taken for
 * Telegram's.
 */
export function createProxyAgent(proxy: string, { limitMs, attemptMs }: Limits): http.Agent {
  const began = performance.now();
  const givenUp = new AbortController();
  const options = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attemptMs };
  const agent = proxy.startsWith('socks')
    ? new SocksProxyAgent(proxy, { socketOptions: options })
    : new HttpsProxyAgent(proxy, { ...options, keepAlive: false, signal: givenUp.signal });
  let status = 200;
  agent.on('proxyConnect', (answer: { statusCode: number }) => {
    status = answer.statusCode;
  });
  const connect = agent.connect.bind(agent);
  agent.connect = async (request, target) => {
    try {
      const socket = await withinLimit(connect(request, target), limitMs);
      if (status !== 200) {
        socket.destroy();
        throw new Error(`the proxy refused the connection with ${status}`);
      }
      if (target.secureEndpoint)
        watchConnecting(socket, 'secureConnect', limitMs - (performance.now() - began));
      return socket;
    } catch (error) {
      givenUp.abort();
      if (error instanceof Error) markNotConnected(error);
      throw error;
    }
  };
  return agent;
}

/** A socket that comes too late is closed. (socks gives one up after 30 s by itself.) */
function withinLimit<S extends Duplex>(connecting: Promise<S>, limitMs: number): Promise<S> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const cancel = startLimit(limitMs, () => {
      isLate = true;
      reject(new Error('connecting through the proxy took too long'));
    });
    connecting.then(
      (socket) => {
        cancel();
        if (isLate) socket.destroy();
        else resolve(socket);
      },
      (error) => {
        cancel();
        reject(error);
      },
    );
  });
}
