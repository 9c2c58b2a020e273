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

/** What a refusal for the database's sake means to who sends an alert. */
export const NOT_ACCEPTED = 'The alert was not accepted; try again in a few seconds.';
