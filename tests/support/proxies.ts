import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';

export interface TestProxy {
  readonly port: number;
  /** `host:port` of each connection that was asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

interface ProxyOptions {
  /** `user:password` that must be shown. */
  readonly credentials?: string;
  /** Answers CONNECT with this status and a page, instead of connecting. */
  readonly refuseWith?: number;
  /** Takes what it is asked for and never answers. */
  readonly isSilent?: boolean;
  /** Speaks TLS with its clients, with this key and certificate (PEM). */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
}

/** An HTTP proxy on loopback that knows CONNECT alone. Every name is this machine's. */
export async function startConnectProxy(options: ProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const wanted = options.credentials && `Basic ${Buffer.from(options.credentials).toString('base64')}`;
  const refuse: http.RequestListener = (_request, response) => void response.writeHead(405).end();
  const server =
    options.tls === undefined ? http.createServer(refuse) : https.createServer(options.tls, refuse);
  server.on('connect', (request, socket: net.Socket) => {
    asked.push(request.url ?? '');
    socket.on('error', () => undefined);
    if (options.isSilent) return;
    const status =
      wanted !== undefined && request.headers['proxy-authorization'] !== wanted ? 407 : options.refuseWith;
    if (status !== undefined) {
      const page = '{"ok":true,"result":{"message_id":1}}';
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${page.length}\r\n\r\n${page}`);
      return;
    }
    join(socket, Number(request.url?.split(':').at(-1)), () =>
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n'),
    );
  });
  return listen(server, asked);
}

const NO_AUTHENTICATION = 0;
const BY_PASSWORD = 2;
const NONE_ACCEPTABLE = 255;
const OK = 0;
const DOMAIN = 3;

/** A SOCKS 5 proxy on loopback (RFC 1928, 1929). Every name is this machine's. */
export async function startSocksProxy(
  options: Pick<ProxyOptions, 'credentials' | 'isSilent'> = {},
): Promise<TestProxy> {
  const asked: string[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    if (!options.isSilent) void serve(socket);
  });

  async function serve(socket: net.Socket): Promise<void> {
    const next = reader(socket);
    const [, count = 0] = await next(2);
    const methods = await next(count);
    const method = options.credentials === undefined ? NO_AUTHENTICATION : BY_PASSWORD;
    if (!methods.includes(method)) return void socket.end(Buffer.from([5, NONE_ACCEPTABLE]));
    socket.write(Buffer.from([5, method]));
    if (method === BY_PASSWORD) {
      const text = async () => (await next((await next(1))[0] ?? 0)).toString();
      await next(1);
      const isRight = `${await text()}:${await text()}` === options.credentials;
      socket.write(Buffer.from([1, isRight ? OK : 1]));
      if (!isRight) return void socket.end();
    }
    const [, , , kind] = await next(4);
    const host =
      kind === DOMAIN ? (await next((await next(1))[0] ?? 0)).toString() : [...(await next(4))].join('.');
    const port = (await next(2)).readUInt16BE();
    asked.push(`${host}:${port}`);
    join(socket, port, () => socket.write(Buffer.from([5, OK, 0, 1, 127, 0, 0, 1, 0, 0])));
  }
  return listen(server, asked);
}

function join(socket: net.Socket, port: number, onConnect: () => void): void {
  const upstream = net.connect(port, '127.0.0.1', () => {
    onConnect();
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on('error', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
}

/** Reads so many bytes. */
function reader(socket: net.Socket): (count: number) => Promise<Buffer> {
  return async (count) => {
    for (;;) {
      const bytes: Buffer | null = count === 0 ? Buffer.alloc(0) : socket.read(count);
      if (bytes !== null) return bytes;
      await new Promise((resolve) => socket.once('readable', resolve));
    }
  };
}

async function listen(server: net.Server, asked: readonly string[]): Promise<TestProxy> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // A server that listens on TCP has one.
    port: (server.address() as AddressInfo).port,
    asked,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
