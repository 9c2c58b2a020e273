import { createHmac, timingSafeEqual } from 'node:crypto';

/** True if `hex` is the HMAC-SHA-256 of the pieces, one after the other, in hexadecimal. */
export function isHmacOf(pieces: readonly Uint8Array[], secret: string, hex: string | undefined): boolean {
  const hmac = createHmac('sha256', secret);
  for (const piece of pieces) hmac.update(piece);
  const expected = hmac.digest();
  const given = Buffer.from(hex ?? '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
