import { AppError } from '../../domain/errors.ts';
import { MAX_NAME_LENGTH } from '../../domain/integration.ts';
import { DEFAULT_SCOPE, INTEGRATION_SCOPES, unknownScopes } from '../../domain/scopes.ts';

/** The name without blanks around it. @throws AppError invalid_request */
export function checkName(name: string): string {
  const trimmed = name.trim();
  // Control characters would garble the bot's lists and the logs.
  if (trimmed.length === 0 || trimmed.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(trimmed)) {
    throw new AppError('invalid_request', `A name is 1 to ${MAX_NAME_LENGTH} printable characters.`, {
      issues: [{ path: 'name', message: `Use 1 to ${MAX_NAME_LENGTH} printable characters.` }],
    });
  }
  return trimmed;
}

/** The scope, each part once; the default if none is asked for. @throws AppError invalid_request, which names the valid ones */
export function checkScope(asked: string | undefined): string {
  if (asked === undefined) return DEFAULT_SCOPE;
  const names = [...new Set(asked.split(' ').filter((name) => name !== ''))];
  const unknown = unknownScopes(names.join(' '));
  if (names.length === 0 || unknown.length > 0) {
    const message = `Valid scopes, separated by spaces: ${INTEGRATION_SCOPES.join(', ')}.`;
    throw new AppError('invalid_request', `Invalid scope. ${message}`, {
      issues: [{ path: 'scope', message }],
    });
  }
  return names.join(' ');
}

/** The chat has as many integrations as one may have. */
export function tooMany(maxPerChat: number): AppError {
  return new AppError(
    'too_many_integrations',
    `This chat has reached its limit of integrations (${maxPerChat}). Revoke one of them first.`,
  );
}
