import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly body: string;
  readonly contentType: string;
}

export interface ScriptedServer {
  /** `http://127.0.0.1:<port>` */
  readonly root: string;
  readonly requests: readonly ReceivedRequest[];
  readonly connections: () => number;
  close(): Promise<void>;
}

type Script = (response: http.ServerResponse, socket: net.Socket) => void;

/** A server on loopback that reads each request whole, notes it, and answers by the script. */
export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({
        method: request.url ?? '',
        body: Buffer.concat(chunks).toString('utf8'),
        contentType: request.headers['content-type'] ?? '',
      });
      script(response, request.socket);
    });
  });
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const root = await listen(server);
  return {
    root,
    requests,
    connections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A TCP server that does with each connection what is said, before a byte is read. */
export async function startRawServer(
  onConnection: (socket: net.Socket) => void,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  const root = await listen(server);
  return {
    port: Number(new URL(root).port),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: net.Server): Promise<string> {
  return new Promise((resolve) => {
    // A net.Server that listens on TCP has an AddressInfo.
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}
