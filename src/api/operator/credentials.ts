import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../services/ports.ts';

/** Milliseconds: one working day with room. */
const SESSION_MS = 12 * 3_600_000;

export interface OperatorCredentials {
  /** In constant time: the answer's delay says nothing about either part. */
  matches(user: string, password: string): boolean;
  /** A signed session. It needs no memory, so it holds in every process and over restarts. */
  issueSession(): { readonly value: string; readonly maxAgeSeconds: number };
  isSession(value: string): boolean;
}

/** `sessionKey`: a key for nothing else, at least 32 bytes. A changed user or password ends all sessions. */
export function createOperatorCredentials(deps: {
  user: string;
  password: string;
  sessionKey: Buffer;
  clock: Clock;
}): OperatorCredentials {
  const expectedUser = digest(deps.user);
  const expectedPassword = digest(deps.password);
  const key = createHmac('sha256', deps.sessionKey).update(expectedUser).update(expectedPassword).digest();
  const sign = (expiry: string): Buffer => createHmac('sha256', key).update(`operator:${expiry}`).digest();

  return {
    matches(user, password) {
      const isUser = timingSafeEqual(digest(user), expectedUser);
      const isPassword = timingSafeEqual(digest(password), expectedPassword);
      return isUser && isPassword;
    },
    issueSession() {
      const expiry = String(deps.clock.now() + SESSION_MS);
      return { value: `${expiry}.${sign(expiry).toString('base64url')}`, maxAgeSeconds: SESSION_MS / 1000 };
    },
    isSession(value) {
      const [, expiry, signature] = /^(\d{1,16})\.([\w-]{43})$/.exec(value) ?? [];
      if (expiry === undefined || signature === undefined) return false;
      return (
        timingSafeEqual(Buffer.from(signature, 'base64url'), sign(expiry)) &&
        Number(expiry) > deps.clock.now()
      );
    },
  };
}

/** Equal lengths, as timingSafeEqual needs them. */
function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
