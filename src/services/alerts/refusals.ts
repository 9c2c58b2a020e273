import { AppError } from '../../domain/errors.ts';

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

/** The database could not say in time whether the alert may be taken in. Nothing was. */
export function databaseUnavailable(cause: unknown): AppError {
  return new AppError(
    'database_unavailable',
    'The database did not answer in time. The alert was not accepted; try again in a few seconds.',
    { retryAfterSeconds: 5, cause },
  );
}
