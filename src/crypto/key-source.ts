import { randomBytes } from 'node:crypto';
import type { KeySource } from '../services/ports/crypto.ts';
import { hashToken } from './tokens.ts';

/** 256 bits: nobody guesses one, so a plain hash of it is enough to store. */
const KEY_BYTES = 32;

export function createKeySource(): KeySource {
  return {
    issue() {
      const key = randomBytes(KEY_BYTES).toString('base64url');
      return { key, hash: hashToken(key) };
    },
    hash: hashToken,
  };
}
