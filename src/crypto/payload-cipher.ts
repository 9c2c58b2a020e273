import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { v7 as timeOrderedUuid } from 'uuid';
import type { AlertContent } from '../domain/alert.ts';
import type { PayloadCipher } from '../services/ports/crypto.ts';
import { createRandomSource } from './random-source.ts';

const ALGORITHM = 'aes-256-gcm';
/** NIST SP 800-38D: 96-bit nonces; random ones are safe for 2^32 messages per key. */
const NONCE_BYTES = 12;
/** What the package draws for an id. */
const UUID_BYTES = 16;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
/** 64 bits: enough to tell chats apart, too few to be worth inverting without the key. */
const CHAT_HASH_LENGTH = 16;
const CHATS_AT_HAND = 1_000;

/** Derives the key for one purpose from the service's secret (HKDF-SHA-256, RFC 5869). */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'pingui-alert', purpose, KEY_BYTES));
}

/** Seals alerts and hashes chat ids with keys derived from JWT_SECRET. */
export function createPayloadCipher(secret: string): PayloadCipher {
  const sealKey = createSecretKey(deriveKey(secret, 'payload encryption v1'));
  const chatKey = createSecretKey(deriveKey(secret, 'chat hash v1'));
  const clientKey = createSecretKey(deriveKey(secret, 'client hash v1'));
  const requestKey = createSecretKey(deriveKey(secret, 'request hash v1'));

  const random = createRandomSource();
  /** Every alert names its chat: the busiest ones are hashed once. */
  const chats = new LRUCache<number, string>({
    max: CHATS_AT_HAND,
    memoMethod: (chatId) =>
      createHmac('sha256', chatKey).update(String(chatId)).digest('hex').slice(0, CHAT_HASH_LENGTH),
  });

  function seal(text: string, context: string): string {
    const nonce = random(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, sealKey, nonce);
    cipher.setAAD(Buffer.from(context));
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
      'base64',
    );
  }

  function open(sealed: string, context: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error('not a sealed payload');
    const decipher = createDecipheriv(ALGORITHM, sealKey, bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return (
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    );
  }

  return {
    newAlertId: () => timeOrderedUuid({ random: random(UUID_BYTES) }),
    // What is authenticated was written by us: the shape needs no second check.
    seal: (content, alertId) => seal(JSON.stringify(content), `alert:${alertId}`),
    open: (sealed, alertId) => JSON.parse(open(sealed, `alert:${alertId}`)) as AlertContent,
    sealTags: (tags, alertId) => seal(JSON.stringify(tags), `tags:${alertId}`),
    openTags: (sealed, alertId) => JSON.parse(open(sealed, `tags:${alertId}`)) as string[],
    hashChat: (chatId) => chats.memo(chatId),
    hashClient: (address) =>
      createHmac('sha256', clientKey).update(address).digest('hex').slice(0, CHAT_HASH_LENGTH),
    hashRequest: (value) => createHmac('sha256', requestKey).update(value).digest('hex'),
  };
}
