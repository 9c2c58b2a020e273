import type { Integration } from '../domain/integration.ts';
import type { Texts } from './texts/texts.ts';

/** The name that people see; a chat that only pressed /start has an integration without one. */
export function displayName(integration: Pick<Integration, 'id' | 'name'>, texts: Texts): string {
  return integration.name === '' ? texts.unnamed(integration.id) : integration.name;
}
