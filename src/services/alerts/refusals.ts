import { AppError } from '../../domain/errors.ts';
import type { NewAlert } from '../ports/alerts.ts';

/** The token was valid once, but is not the integration's newest. */
export function deadToken(): AppError {
  return new AppError(
    'unauthorized',
    'This token is no longer valid: it was rotated or revoked. Use the newest one, or get a new one from the bot with /token.',
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
