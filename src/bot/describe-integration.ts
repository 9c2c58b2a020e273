import type { Integration } from '../domain/integration.ts';
import type { Texts } from './texts/texts.ts';

type Named = Pick<Integration, 'id' | 'name'>;

/** The name that people see; a chat that only pressed /start has an integration without one. */
export function displayName(integration: Named, texts: Texts): string {
  return integration.name === '' ? texts.unnamed(integration.id) : integration.name;
}

/** The name with its `#id`, where several may be called the same. */
export function numberedName(integration: Named, texts: Texts): string {
  return `${integration.name} ${texts.unnamed(integration.id)}`.trim();
}

/** Does a person mean this one by its name, or by its id with or without `#`? */
export function isMeant(integration: Named, asked: string): boolean {
  return (
    asked.replace(/^#/, '') === String(integration.id) ||
    integration.name.toLowerCase() === asked.toLowerCase()
  );
}
