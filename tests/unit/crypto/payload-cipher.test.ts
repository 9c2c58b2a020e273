import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPayloadCipher, deriveKey } from '../../../src/crypto/payload-cipher.ts';
import type { AlertContent } from '../../../src/domain/alert.ts';
import { codePoint } from '../../support/code-points.ts';

const SECRET = 'one secret of the tests, 32 bytes at least';
const OTHER = 'another secret of the tests, also long enough';
const cipher = createPayloadCipher(SECRET);
const CONTENT: AlertContent = { message: 'the disk is full', title: 'db1', format: 'plain' };

describe('the payload cipher', () => {
  it('opens what it sealed, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), fc.uuid(), (message, id) => {
        const content: AlertContent = {
          message,
          format: 'markdown',
          tags: [message],
          url: 'https://a.example',
        };
        expect(cipher.open(cipher.seal(content, id), id)).toEqual(content);
      }),
    );
    const tags = ['a', 'ü', '🐧'];
    expect(cipher.openTags(cipher.sealTags(tags, 'id'), 'id')).toEqual(tags);
  });

  it('opens after a restart with the same secret', () => {
    expect(createPayloadCipher(SECRET).open(cipher.seal(CONTENT, 'id'), 'id')).toEqual(CONTENT);
  });

  it('shows nothing of the text, also not its base64', () => {
    const sealed = cipher.seal(CONTENT, 'id');
    expect(sealed).toMatch(/^[A-Za-z0-9+/]+=*$/);
    const bytes = Buffer.from(sealed, 'base64').toString('latin1');
    expect(bytes).not.toContain('disk');
    expect(sealed).not.toContain(Buffer.from('the disk is').toString('base64').slice(0, 12));
  });

  it('never uses a nonce twice', () => {
    const nonces = Array.from({ length: 5_000 }, () =>
      Buffer.from(cipher.seal(CONTENT, 'id'), 'base64').subarray(0, 12).toString('hex'),
    );
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('does not open what was changed in any byte, or cut short', () => {
    const bytes = Buffer.from(cipher.seal(CONTENT, 'id'), 'base64');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => cipher.open(changed.toString('base64'), 'id'), `byte ${index}`).toThrow();
      expect(
        () => cipher.open(bytes.subarray(0, index).toString('base64'), 'id'),
        `cut at ${index}`,
      ).toThrow();
    }
    expect(() => cipher.open('', 'id')).toThrow();
    expect(() => cipher.open('not sealed at all', 'id')).toThrow();
  });

  it('does not open for another alert, with another secret, or tags as content', () => {
    const sealed = cipher.seal(CONTENT, 'id');
    expect(() => cipher.open(sealed, 'other')).toThrow();
    expect(() => createPayloadCipher(OTHER).open(sealed, 'id')).toThrow();
    expect(() => cipher.openTags(sealed, 'id')).toThrow();
    expect(() => cipher.open(cipher.sealTags(['a'], 'id'), 'id')).toThrow();
  });

  it('says nothing of the text in its errors', () => {
    const broken = cipher.seal(CONTENT, 'id').replace(/.(?=.{8}$)/, (last) => (last === 'A' ? 'B' : 'A'));
    try {
      cipher.open(broken, 'id');
      expect.unreachable();
    } catch (error) {
      expect(String((error as Error).stack)).not.toContain('disk');
    }
  });
});

describe('keyed hashes', () => {
  it('of chats are 16 hex characters, stable over restarts, and different per secret and chat', () => {
    const hash = cipher.hashChat(-1_001_234_567_890);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(createPayloadCipher(SECRET).hashChat(-1_001_234_567_890)).toBe(hash);
    expect(createPayloadCipher(OTHER).hashChat(-1_001_234_567_890)).not.toBe(hash);
    const chats = Array.from({ length: 2_000 }, (_, index) => cipher.hashChat(index - 1_000));
    expect(new Set(chats).size).toBe(chats.length);
  });

  it('stay what they are: logs, Redis and idempotency keys of older versions depend on it', () => {
    expect(cipher.hashChat(1001)).toBe('54578d18078bc798');
    expect(cipher.hashRequest('key:a')).toBe(
      '2ab3104dd7102ab35a90590c6b9464d519caa2c280ff45dd1690ce5be58bcd42',
    );
  });

  it('of requests are whole SHA-256 values, apart from those of chats', () => {
    expect(cipher.hashRequest('1001')).toMatch(/^[0-9a-f]{64}$/);
    expect(cipher.hashRequest('1001').startsWith(cipher.hashChat(1001))).toBe(false);
  });

  it('come from keys of their own per purpose', () => {
    const keys = ['a', 'b'].map((purpose) => deriveKey(SECRET, purpose).toString('hex'));
    expect(new Set(keys).size).toBe(2);
    expect(deriveKey(SECRET, 'a')).toHaveLength(32);
    expect(deriveKey(SECRET, 'a').equals(Buffer.from(SECRET))).toBe(false);
  });
});
