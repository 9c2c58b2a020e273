import type { Integration } from '../domain/integration.ts';
import type { Texts } from './texts/texts.ts';

/** The name that people see; a chat that only pressed /start has an integration without one. */
export function displayName(integration: Pick<Integration, 'id' | 'name'>, texts: Texts): string {
  return integration.name === '' ? texts.unnamed(integration.id) : integration.name;
}

/** Active ones first, else in the order given. */
export function activeFirst(integrations: readonly Integration[]): Integration[] {
  return [...integrations].sort((a, b) => Number(b.status === 'active') - Number(a.status === 'active'));
}
