import type { ServerResponse } from 'node:http';
import type { DoubleEvent } from './double/types.ts';

/** Proxies and browsers drop a silent connection after some 30 to 60 s. */
const HEARTBEAT_MS = 20_000;
/** A reader that falls behind by this many bytes is cut; it reconnects and reloads. */
const MAX_BEHIND_BYTES = 1024 * 1024;

interface EventStreams {
  open(res: ServerResponse): void;
  close(): void;
}

/** Server-sent events of the double to any number of browsers. */
export function createEventStreams(
  onEvent: (listener: (event: DoubleEvent) => void) => () => void,
): EventStreams {
  const readers = new Set<ServerResponse>();
  const write = (text: string): void => {
    for (const res of readers) {
      if (res.writableLength > MAX_BEHIND_BYTES) res.destroy();
      else res.write(text);
    }
  };
  const off = onEvent((event) => write(`data: ${JSON.stringify(event)}\n\n`));
  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  heartbeat.unref();

  return {
    open(res) {
      res.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      res.write('retry: 1000\n\n');
      readers.add(res);
      res.once('close', () => readers.delete(res));
    },
    close() {
      off();
      clearInterval(heartbeat);
      for (const res of readers) res.end();
    },
  };
}
