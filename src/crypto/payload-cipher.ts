import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { v7 as timeOrderedUuid } from 'uuid';
import type { AlertContent } from '../domain/alert.ts';
import type { KeyOptions } from '../domain/capability-key.ts';
import type { PayloadCipher } from '../services/ports/crypto.ts';
import { createRandomSource } from './random-source.ts';
import { createSealer } from './sealer.ts';

/** What the package draws for an id. */
const UUID_BYTES = 16;
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

  const { seal, open } = createSealer(createSecretKey(deriveKey(secret, 'payload encryption v1')), random);

  return {
    newAlertId: () => timeOrderedUuid({ random: random(UUID_BYTES) }),
    // What is authenticated was written by us: the shape needs no second check.
    seal: (content, alertId) => seal(JSON.stringify(content), `alert:${alertId}`),
    open: (sealed, alertId) => JSON.parse(open(sealed, `alert:${alertId}`)) as AlertContent,
    sealTags: (tags, alertId) => seal(JSON.stringify(tags), `tags:${alertId}`),
    openTags: (sealed, alertId) => JSON.parse(open(sealed, `tags:${alertId}`)) as string[],
    sealOptions: (options, keyHash) => seal(JSON.stringify(options), `key:${keyHash}`),
    openOptions: (sealed, keyHash) => JSON.parse(open(sealed, `key:${keyHash}`)) as KeyOptions,
    sealName: (name, incidentId) => seal(name, `name:${incidentId}`),
    openName(sealed, incidentId) {
      try {
        return open(sealed, `name:${incidentId}`);
      } catch {
        return undefined;
      }
    },
    hashChat: (chatId) => chats.memo(chatId),
    hashClient: (address) =>
      createHmac('sha256', clientKey).update(address).digest('hex').slice(0, CHAT_HASH_LENGTH),
    hashRequest: (value) => createHmac('sha256', requestKey).update(value).digest('hex'),
  };
}
