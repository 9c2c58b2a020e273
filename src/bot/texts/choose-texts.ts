import { en } from './en.ts';
import { es } from './es.ts';
import type { Texts } from './texts.ts';

/** Languages besides the fall-back English, by two-letter code. */
export const TRANSLATIONS: Readonly<Record<string, Texts>> = { es };

/** The texts for a sender's IETF `language_code` (`es`, `es-419`); English when unknown. */
export function chooseTexts(languageCode: string | undefined): Texts {
  const language = languageCode?.split('-')[0]?.toLowerCase() ?? '';
  return Object.hasOwn(TRANSLATIONS, language) ? (TRANSLATIONS[language] ?? en) : en;
}
