/** Where lines go: anything that takes one line per call. */
export interface LogDestination {
  write(line: string): void;
  flushSync?(): void;
}

/** Characters that are held back while the reader is slow; beyond them lines are dropped rather than memory filled. */
const MOST_PENDING = 8_000_000;
/** Milliseconds until a full pipe is tried again, and for how long the last flush bears a reader that stands still. */
const RETRY_MS = 10;
const LAST_FLUSH_MS = 1_000;

/**
 * Standard output, one system call per turn of the event loop. Call `flushSync` when the process exits.
 *
 * pino's own destination is not used: its last flush never returns when the reader of the pipe has gone (sonic-boom tries
 * again forever on EPIPE) or stands still, and the process could not end (docs/decisions/0005).
 *
 * @param write takes what it can at once, and throws EAGAIN where it could take nothing: the file descriptor must be
 * non-blocking
 */
export function createStdoutDestination(write: (bytes: Uint8Array) => number): LogDestination {
  let pending: string[] = [];
  let length = 0;
  let rest: Uint8Array = new Uint8Array();
  let scheduled = false;
  /** The reader is gone: nobody will see any of it. */
  let closed = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(run);
  }

  function run(): void {
    scheduled = false;
    if (drain()) return;
    scheduled = true;
    setTimeout(run, RETRY_MS);
  }

  /** Writes what is pending; false if the pipe is full. */
  function drain(): boolean {
    for (;;) {
      if (rest.length === 0) {
        if (pending.length === 0) return true;
        rest = Buffer.from(pending.join(''));
        pending = [];
        length = 0;
      }
      try {
        rest = rest.subarray(write(rest));
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'EAGAIN') return false;
        // There is nowhere to report a failure of the log itself to. A full disk may get room again; a pipe stays broken.
        closed = code === 'EPIPE' || code === 'EBADF';
        rest = rest.subarray(rest.length);
      }
    }
  }

  return {
    write(line) {
      if (closed || length + line.length > MOST_PENDING) return;
      pending.push(line);
      length += line.length;
      schedule();
    },
    flushSync() {
      const ticks = new Int32Array(new SharedArrayBuffer(4));
      for (let waited = 0; !drain() && waited < LAST_FLUSH_MS; waited += RETRY_MS)
        Atomics.wait(ticks, 0, 0, RETRY_MS);
    },
  };
}
