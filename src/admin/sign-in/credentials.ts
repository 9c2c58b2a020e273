import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Clock } from '../../services/ports/clock.ts';

/** Seconds: one working day with room. */
const SESSION_SECONDS = 12 * 3_600;
const ALGORITHM = 'HS256';
const SUBJECT = 'operator';

export interface OperatorCredentials {
  /** In constant time: the answer's delay says nothing about either part. */
  matches(user: string, password: string): boolean;
  /** A session as a JWT. It needs no memory, so it holds in every process and over restarts. */
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
  const key = createSecretKey(
    createHmac('sha256', deps.sessionKey).update(expectedUser).update(expectedPassword).digest(),
  );
  const nowSeconds = (): number => Math.floor(deps.clock.now() / 1000);

  return {
    matches(user, password) {
      const isUser = timingSafeEqual(digest(user), expectedUser);
      const isPassword = timingSafeEqual(digest(password), expectedPassword);
      return isUser && isPassword;
    },
    issueSession() {
      const claims = { sub: SUBJECT, exp: nowSeconds() + SESSION_SECONDS };
      const value = jwt.sign(claims, key, { algorithm: ALGORITHM, noTimestamp: true });
      return { value, maxAgeSeconds: SESSION_SECONDS };
    },
    isSession(value) {
      try {
        jwt.verify(value, key, {
          algorithms: [ALGORITHM],
          subject: SUBJECT,
          clockTimestamp: nowSeconds(),
        });
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Equal lengths, as timingSafeEqual needs them. */
function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
