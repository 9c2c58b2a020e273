import type { Duplex } from 'node:stream';
import { startLimit } from '../async/limit.ts';
import { classifyNetworkError, NOT_CONNECTED } from './network-faults.ts';

/**
 * Gives the socket so many ms to connect, and marks its errors until then. Its listener is the socket's first: whoever
 * sees the error later sees the mark.
 */
export function watchConnecting(
  socket: Duplex,
  connected: 'connect' | 'secureConnect',
  limitMs: number,
): void {
  const cancel = startLimit(limitMs, () => socket.destroy(new Error('connecting took too long')));
  socket.once('error', markNotConnected);
  socket.once(connected, () => {
    cancel();
    socket.off('error', markNotConnected);
  });
  socket.once('close', cancel);
}

/** No byte of the request was sent yet. */
export function markNotConnected(error: Error): void {
  if (classifyNetworkError(error).kind !== 'never_sent') Object.assign(error, { code: NOT_CONNECTED });
}
