import type { TokenClaims } from '../services/tokens.ts';

/** A token whose signature and claims were found good. */
export interface VerifiedToken {
  readonly claims: TokenClaims;
  /** Hex SHA-256 of the token. */
  readonly tokenHash: string;
}

/** About 0.5 kB each. More senders than this at a time cost a verification (25 µs) each. */
const MAX_KEPT = 10_000;

/**
 * Remembers which tokens were verified: a signature that was good once stays good. What can change must be checked
 * each time all the same: the expiry (here), and whether the token is still its integration's newest (the database).
 */
export function createVerifiedTokens(maxKept = MAX_KEPT) {
  const kept = new Map<string, VerifiedToken>();
  return {
    /** The token, unless it is unknown or has expired at `now` (epoch ms). */
    find(tokenHash: string, now: number): VerifiedToken | undefined {
      const known = kept.get(tokenHash);
      return known !== undefined && known.claims.exp * 1000 > now ? known : undefined;
    },
    remember(token: VerifiedToken): void {
      // The oldest goes first: who still sends is verified anew, at no more cost than before.
      for (const oldest of kept.keys()) {
        if (kept.size < maxKept) break;
        kept.delete(oldest);
      }
      kept.set(token.tokenHash, token);
    },
  };
}
