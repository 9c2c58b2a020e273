import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
/** NIST SP 800-38D: 96-bit nonces; random ones are safe for 2^32 messages per key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface Sealer {
  /** Base64 of nonce, ciphertext and tag. `context` is authenticated with it: what was sealed for one cannot pass for another. */
  seal(text: string, context: string): string;
  /** @throws Error where the key or the context is another, or the text was changed */
  open(sealed: string, context: string): string;
}

/** AES-256-GCM with one key. @param random source of the nonces */
export function createSealer(key: KeyObject, random: (bytes: number) => Uint8Array = randomBytes): Sealer {
  return {
    seal(text, context) {
      const nonce = random(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce);
      cipher.setAAD(Buffer.from(context));
      const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(parts).toString('base64');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error('not a sealed payload');
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return (
        decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    },
  };
}
