import type { Duplex } from 'node:stream';
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
  const timer = setTimeout(() => socket.destroy(new Error('connecting took too long')), limitMs);
  socket.once('error', markNotConnected);
  socket.once(connected, () => {
    clearTimeout(timer);
    socket.off('error', markNotConnected);
  });
  socket.once('close', () => clearTimeout(timer));
}

/** No byte of the request was sent yet. */
export function markNotConnected(error: Error): void {
  if (classifyNetworkError(error).kind !== 'never_sent') Object.assign(error, { code: NOT_CONNECTED });
}
