import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface RestartableServer {
  /** Listens on 127.0.0.1. @param port 0 takes a free one @returns the port */
  start(port: number): Promise<number>;
  /** Closes the listening socket and cuts all connections: callers get ECONNREFUSED. */
  goDown(): Promise<void>;
  /** Listens on the same port again. @throws Error when another process took it meanwhile */
  comeBack(): Promise<void>;
  readonly port: number;
}

/**
 * How long callers get to notice that their idle connections were cut: one used in the same moment would end with
 * ECONNRESET instead of ECONNREFUSED.
 */
const NOTICE_MS = 20;

/** An HTTP server that can vanish and come back on its port. */
export function createRestartableServer(
  handle: (req: IncomingMessage, res: ServerResponse) => void,
): RestartableServer {
  let server: Server | undefined;
  let port = 0;

  const listen = (at: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const next = createServer(handle);
      // Long polling: requests stay open for up to 50 s, and clients reuse connections.
      next.keepAliveTimeout = 65_000;
      next.once('error', reject);
      next.listen(at, '127.0.0.1', () => {
        server = next;
        port = (next.address() as AddressInfo).port; // an AddressInfo: it listens on TCP
        resolve(port);
      });
    });

  return {
    start: listen,
    goDown: () =>
      new Promise((resolve) => {
        const old = server;
        server = undefined;
        if (!old) return resolve();
        old.close(() => setTimeout(resolve, NOTICE_MS));
        old.closeAllConnections();
      }),
    async comeBack() {
      if (!server) await listen(port);
    },
    get port() {
      return port;
    },
  };
}
