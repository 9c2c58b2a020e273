import type { Request, RequestHandler } from 'express';
import { isKeyForm } from '../../domain/capability-key.ts';
import { AppError } from '../../domain/errors.ts';
import { type Credential, tokenIn, tokenInQuery } from '../../http/credentials.ts';
import type { KeyService, OpenedKey } from '../../services/keys/keys.ts';
import { authenticatedOf } from './request-context.ts';
import { requireScope } from './require-scope.ts';

declare global {
  namespace Express {
    interface Request {
      /** The capability key that proved the request. */
      key?: OpenedKey;
    }
  }
}

/** Who may send through a call. */
export interface SenderRule {
  /** The adapter whose keys are good here; without one no key is. */
  readonly adapter?: string;
  /** Where else its tool puts the key: a part of the path, a query field, a header, a field of the body. */
  readonly keyOf?: (req: Request) => unknown;
}

/**
 * Proves a sender, by token or capability key, wherever the call may have it: the path, the Authorization header,
 * `?auth=`. A key is looked up here; whether a token is still its integration's newest one is what the accept decides.
 * @throws AppError unauthorized, scope_missing (another adapter's key; a token that may more than send, in an address)
 */
export function createVerifySender(deps: {
  verifyJwtToken: RequestHandler;
  keys: Pick<KeyService, 'authenticate'>;
}): (rule: SenderRule) => RequestHandler {
  const requireSend = requireScope('alert:send');

  async function proveKey(req: Request, shown: string, adapter: string): Promise<void> {
    req.key = await deps.keys.authenticate(shown);
    if (req.key.adapter !== adapter) throw otherAdapter(req.key.adapter);
  }

  return ({ adapter, keyOf }) =>
    function verifySender(req, res, next) {
      const shown = readCredential(req, keyOf?.(req));
      req.credential = shown;
      if (adapter !== undefined && shown.token !== null && isKeyForm(shown.token))
        return proveKey(req, shown.token, adapter).then(() => next(), next);
      return deps.verifyJwtToken(req, res, (error?: unknown) => {
        if (error !== undefined) return next(error);
        if (shown.isInAddress && authenticatedOf(req).claims.scope !== 'alert:send')
          return next(mayTooMuch());
        requireSend(req, res, next);
      });
    };
}

function readCredential(req: Request, given: unknown): Credential {
  if (typeof given === 'string' && given !== '') return { token: given, isInAddress: true };
  const inHeader = tokenIn(req.headers.authorization);
  if (inHeader !== null || !req.url.includes('auth=')) return { token: inHeader, isInAddress: false };
  const inQuery = tokenInQuery(req.query.auth);
  return { token: inQuery, isInAddress: inQuery !== null };
}

const HOW_TO_MAKE_A_KEY =
  'Make a key for the tool with POST /api/keys, or with /keys in the bot: it can only send, and is revoked alone.';

function otherAdapter(adapter: string): AppError {
  return new AppError('scope_missing', `This key is for ${adapter}: it can only send to /api/in/${adapter}.`);
}

function mayTooMuch(): AppError {
  return new AppError(
    'scope_missing',
    `A token in an address may have the scope alert:send alone, because addresses end up in logs. ${HOW_TO_MAKE_A_KEY}`,
  );
}
