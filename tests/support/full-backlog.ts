import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

const SERVER = `
const http = require('node:http');
const server = http.createServer((request, response) => request.resume().on('end', () => response.end(process.argv[1])));
server.listen({ port: Number(process.argv[3]), host: process.argv[2], backlog: 1 }, () => {
  console.log(server.address().port);
});`;
/** A backlog of 1 holds two or three, by the system; far more than that, and it holds any number. */
const MOST_FILLERS = 20;
/** On loopback a connect that is taken takes less than a millisecond; a busy machine gets more time. */
const TAKEN_WITHIN_MS = 250;

/** A server to which a connect takes as long as its process is held: the kernel drops what its backlog cannot hold. */
export interface SlowHost {
  readonly port: number;
  /** Connects go through from now on: each is tried again by the kernel 1 s after it began. */
  release(): void;
  close(): Promise<void>;
}

/** @param answer the body of each answer; @param port 0: a free one */
export async function startSlowHost(host: string, answer: string, port = 0): Promise<SlowHost> {
  const child: ChildProcess = spawn(process.execPath, ['-e', SERVER, answer, host, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no standard output');
  const [line] = await once(child.stdout, 'data');
  const bound = Number(String(line));
  child.kill('SIGSTOP');
  const fillers = await fill(bound, host);
  return {
    port: bound,
    release: () => void child.kill('SIGCONT'),
    async close() {
      for (const socket of fillers) socket.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Connects until a connect is not taken any more: it waits, as all that follow do. */
async function fill(port: number, host: string): Promise<net.Socket[]> {
  const fillers: net.Socket[] = [];
  for (;;) {
    const socket = net.connect(port, host);
    fillers.push(socket);
    socket.on('error', () => undefined);
    const isTaken = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      setTimeout(() => resolve(false), TAKEN_WITHIN_MS);
    });
    if (!isTaken) return fillers;
    if (fillers.length > MOST_FILLERS) throw new Error('this backlog does not fill');
  }
}
