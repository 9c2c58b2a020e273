import { createServer, type RequestListener, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Waits } from './waits.ts';

/** Milliseconds to send the whole request; a body has 1 MB at most. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Milliseconds. Longer than the 60 s of common proxies, so that it is they who close idle connections. */
const KEEP_ALIVE_MS = 65_000;

export interface HttpListener {
  /** Resolves with the address once connections are accepted. @throws the bind error, such as EADDRINUSE */
  listen(host: string, port: number): Promise<AddressInfo>;
  /**
   * Stops accepting, ends long waits, lets requests in flight finish and their connections close; after `deadlineMs`
   * the rest is cut. Can be called twice, and without listen.
   */
  close(deadlineMs: number): Promise<void>;
}

export function createHttpListener(
  app: RequestListener,
  waits: Pick<Waits, 'end'>,
  options: ServerOptions = {},
): HttpListener {
  /**
   * The newest answer of each connection. A set of answers would be simpler, but its tables, old and thrown away over
   * and over, would keep two thirds of all answers alive until the next full garbage collection.
   */
  const inFlight = new Map<Socket, ServerResponse | undefined>();
  let closing = false;

  const server = createServer(options, (req, res) => {
    const { socket } = req;
    inFlight.set(socket, res);
    res.once('close', () => {
      if (inFlight.get(socket) === res) inFlight.set(socket, undefined);
    });
    if (closing) res.setHeader('Connection', 'close');
    app(req, res);
  });
  server.on('connection', (socket: Socket) => {
    inFlight.set(socket, undefined);
    socket.once('close', () => inFlight.delete(socket));
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          // A TCP server's address is an object; only pipes have a string.
          resolve(server.address() as AddressInfo);
        });
      }),

    async close(deadlineMs) {
      closing = true;
      if (!server.listening) return;
      for (const res of inFlight.values()) {
        if (res?.headersSent === false) res.setHeader('Connection', 'close');
      }
      // Since Node 19 this also closes idle keep-alive connections.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      waits.end();
      const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
      await closed;
      clearTimeout(deadline);
    },
  };
}
