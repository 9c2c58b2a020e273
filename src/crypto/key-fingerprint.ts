import { deriveKey } from './payload-cipher.ts';

/**
 * Tells whether a key is the one of before, without telling anything of it (HKDF, as for the keys derived from it). 128
 * bits in hex.
 */
export function keyFingerprint(secret: string): string {
  return deriveKey(secret, 'fingerprint v1').toString('hex').slice(0, 32);
}
