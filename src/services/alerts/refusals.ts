import { AppError } from '../../domain/errors.ts';
import type { Integration } from '../../domain/integration.ts';
import type { NewAlert } from '../ports/alerts.ts';

/** The token was valid once, but is not the integration's newest. `of`: the integration, if it is still there. */
export function deadToken(isSetup: boolean, of: Pick<Integration, 'status'> | undefined): AppError {
  if (!isSetup) {
    return new AppError(
      'unauthorized',
      'This token is no longer valid: it was rotated or revoked. Use the newest one, or get a new one from the bot with /token.',
    );
  }
  return new AppError('unauthorized', `This is a setup token, and ${whyVoid(of)}`);
}

/** A setup token that was exchanged before, or that a newer one of its integration has replaced. */
export function alreadyUsed(of: Pick<Integration, 'status'>): AppError {
  return new AppError('already_used', `This setup token is void: ${whyVoid(of)}`);
}

function whyVoid(of: Pick<Integration, 'status'> | undefined): string {
  return of?.status === 'pending'
    ? 'a newer one has replaced it. Exchange the newest one that the bot has sent.'
    : 'it has already been used. Send alerts with the token in the answer of that POST /api/createIntegration; if it is lost, get a new setup token from the bot with /token.';
}

/** A setup token where an integration's is needed. */
export function setupTokenOnly(): AppError {
  return new AppError(
    'scope_missing',
    'This is a setup token: it cannot send alerts. Exchange it, once, at POST /api/createIntegration, and use the token in the answer.',
  );
}

/** An integration's token where a setup token is needed. */
export function notASetupToken(): AppError {
  return new AppError(
    'scope_missing',
    "This is an integration's token: it is set up already, and sends alerts at POST /api/alert. For another integration, get a setup token from the bot with /token.",
  );
}

/** The request names another chat than the token's. */
export function chatMismatch(): AppError {
  return new AppError('chat_mismatch', 'chatId is not the chat of this token. Correct it or leave it out.');
}

/** There is none, or it is another integration's. */
export function alertNotFound(): AppError {
  return new AppError('not_found', 'This token has no alert with this id.');
}

/** What a refusal for the database's sake means to who sends an alert. */
export const NOT_ACCEPTED = 'The alert was not accepted; try again in a few seconds.';

/** A repeat has to be of the same alert. @throws AppError idempotency_mismatch */
export function checkSameBody(
  first: { readonly bodyHash: string },
  repeat: Pick<NewAlert, 'idempotency'>,
): void {
  if (first.bodyHash === repeat.idempotency?.bodyHash) return;
  throw new AppError(
    'idempotency_mismatch',
    'This Idempotency-Key was used for a different alert. Use a new one for each alert.',
  );
}
