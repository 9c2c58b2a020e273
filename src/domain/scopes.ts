/** What an integration's token may do. */
export const INTEGRATION_SCOPES = [
  'alert:send',
  'integration:read',
  'integration:revoke',
  'integration:rotate',
  'key:manage',
] as const;
type IntegrationScope = (typeof INTEGRATION_SCOPES)[number];

/** The only scope of a setup token: to exchange itself, once, for an integration's token. */
export const SETUP_SCOPE = 'integration:create';
export type Scope = IntegrationScope | typeof SETUP_SCOPE;

export const DEFAULT_SCOPE: string = INTEGRATION_SCOPES.join(' ');

/** What DEFAULT_SCOPE was before there were calls for more. */
const FORMER_DEFAULTS: readonly string[] = [
  'alert:send integration:read integration:revoke integration:rotate',
];

/** The scope of the next token: today's default where the one before had that of its day, else the same. */
export function renewedScope(scope: string): string {
  return FORMER_DEFAULTS.includes(scope) ? DEFAULT_SCOPE : scope;
}

/** True if the space-separated list `granted` (RFC 6749, section 3.3) holds `needed`. */
export function hasScope(granted: string, needed: Scope): boolean {
  return granted.split(' ').includes(needed);
}

/** The names in the space-separated list `asked` that no integration can have. */
export function unknownScopes(asked: string): string[] {
  const known: readonly string[] = INTEGRATION_SCOPES;
  return asked.split(' ').filter((name) => !known.includes(name));
}
