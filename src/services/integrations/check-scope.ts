import { AppError } from '../../domain/errors.ts';
import { DEFAULT_SCOPE, INTEGRATION_SCOPES, unknownScopes } from '../../domain/scopes.ts';

/** The scope of a new integration, from what was asked for. @throws AppError invalid_request, which names the valid ones */
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
