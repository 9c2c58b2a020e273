import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that Linux (32768 and up) and macOS (49152 and up) give to clients and to `listen(0)`. */
const FIRST = 20_000;
const END = 32_768;
const TRIES = 50;

/**
 * A loopback port that nobody listens on now, and that the system gives to nobody by itself: the server that is to have
 * it can start later, and again after a crash, without finding a client of another test there.
 * @throws Error when none of 50 is free
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${FIRST} to ${END - 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    const listening = once(probe, 'listening');
    probe.listen(port, '127.0.0.1');
    await listening;
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
