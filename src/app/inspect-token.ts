import type { Config } from '../config/config.ts';
import { createPayloadCipher } from '../crypto/payload-cipher.ts';
import { createTokens, hashToken } from '../crypto/tokens.ts';
import { openExisting } from '../db/engine/open-existing.ts';
import { createIntegrationRepository } from '../db/integrations/integration-repository.ts';
import { SETUP_SCOPE } from '../domain/scopes.ts';
import type { Clock } from '../services/ports/clock.ts';
import { secretOf } from './secret.ts';

/** What there is to say of a token, without the token. Times are epoch ms. */
export interface TokenFacts {
  /** It would be taken now. */
  readonly isAccepted: boolean;
  /** One sentence: why, or why not. */
  readonly verdict: string;
  readonly kind?: 'setup' | 'integration';
  readonly expiresAt?: number;
  readonly scope?: string;
  readonly integration?: {
    readonly id: number;
    readonly name: string;
    readonly status: string;
    readonly chat: string;
  };
}

/** Looks at a token as the API would. Changes nothing. */
export async function inspectToken(
  token: string,
  { config, clock }: { readonly config: Config; readonly clock: Clock },
): Promise<TokenFacts> {
  const secret = await secretOf(config);
  const tokens = createTokens({ secret, clock, ...config.tokens });
  // At a time when it was valid, so that one that has ended is told from one that is not ours.
  const claims = readClaims(token);
  const verified =
    claims && verify(createTokens({ secret, clock: { now: () => claims.at }, ...config.tokens }));
  if (verified === undefined)
    return {
      isAccepted: false,
      verdict:
        'This is no token of this service: it is cut, made with another JWT_SECRET, or of something else.',
    };
  const kind = verified.scope === SETUP_SCOPE ? 'setup' : 'integration';
  const facts = { kind, expiresAt: verified.exp * 1000, scope: verified.scope } as const;
  const db = await openExisting(config.database);
  try {
    const found = await createIntegrationRepository(db).findById(Number(verified.sub));
    if (found === undefined)
      return { isAccepted: false, ...facts, verdict: 'Its integration is not there (any more).' };
    const chat = createPayloadCipher(secret).hashChat(found.chatId);
    const integration = { id: found.id, name: found.name, status: found.status, chat };
    const isNewest = found.tokenHash === hashToken(token);
    const [isAccepted, verdict] = judge({
      isNewest,
      isInTime: verify(tokens) !== undefined,
      kind,
      status: found.status,
    });
    return { isAccepted, verdict, ...facts, integration };
  } finally {
    await db.close();
  }

  function verify(by: typeof tokens) {
    try {
      return by.verify(token);
    } catch {
      return undefined;
    }
  }
}

function judge(token: {
  isNewest: boolean;
  isInTime: boolean;
  kind: 'setup' | 'integration';
  status: string;
}): readonly [boolean, string] {
  if (token.status === 'revoked') return [false, 'Its integration was revoked.'];
  if (!token.isNewest)
    return [
      false,
      token.kind === 'setup'
        ? 'It was exchanged, or a newer one took its place.'
        : 'It was rotated: a newer one took its place.',
    ];
  if (!token.isInTime) return [false, 'Its time is over.'];
  return [true, token.kind === 'setup' ? 'It can be exchanged for a token, once.' : 'It is accepted.'];
}

/** A moment, in epoch ms, at which it was valid; undefined where it is no JWT. */
function readClaims(token: string): { readonly at: number } | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const exp =
      typeof claims === 'object' && claims !== null && 'exp' in claims ? Number(claims.exp) : Number.NaN;
    return Number.isFinite(exp) ? { at: exp * 1000 - 1000 } : undefined;
  } catch {
    return undefined;
  }
}
