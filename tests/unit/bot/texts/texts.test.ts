import { describe, expect, it } from 'vitest';
import { MAX_LISTED } from '../../../../src/bot/features/integrations.ts';
import { chooseTexts, TRANSLATIONS } from '../../../../src/bot/texts/choose-texts.ts';
import { en } from '../../../../src/bot/texts/en.ts';
import { es } from '../../../../src/bot/texts/es.ts';
import { MENU_COMMANDS } from '../../../../src/bot/texts/texts.ts';

const languages = Object.entries({ en, ...TRANSLATIONS });

/** Every leaf's path with its type. */
function keysOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null
      ? keysOf(inner, `${prefix}${key}.`)
      : [`${prefix}${key}: ${typeof inner}`],
  );
}

describe('the texts of the bot', () => {
  it.each(languages)('have the same keys in %s as in English', (_language, texts) => {
    expect(keysOf(texts).sort()).toEqual(keysOf(en).sort());
  });

  it('are really translated', () => {
    const same = keysOf(en).filter((key) => {
      const path = (key.split(':')[0] ?? '').split('.');
      const read = (from: unknown): unknown =>
        path.reduce<unknown>((inner, part) => (inner as Record<string, unknown>)[part], from);
      return typeof read(en) === 'string' && read(en) === read(es);
    });
    expect(same).toEqual([]);
  });

  it.each(languages)('keep to the limits of Telegram in %s', (_language, texts) => {
    for (const command of MENU_COMMANDS) expect(texts.commands[command].length).toBeLessThanOrEqual(256);
    // Shown as the answer to a button.
    const plain = 'W'.repeat(64);
    for (const answer of [texts.adminsOnly, texts.nameShown(plain), texts.nameHidden(plain)])
      expect(answer.length).toBeLessThanOrEqual(200);
    const name = `${plain} ${texts.unnamed(Number.MAX_SAFE_INTEGER)}`;
    for (const longest of [
      texts.integrationLine({ name, left: 10_000, limit: 10_000, unreachable: true }),
      texts.waitingLine({ name, isExpired: true }),
    ])
      expect(MAX_LISTED * (longest.length + 1)).toBeLessThan(4_096 - 200);
  });

  it.each(languages)('show the setup token as code, whatever the name is, in %s', (_language, texts) => {
    const name = '<b>*_`😀';
    const message = texts.token({ token: 'THE-TOKEN', curl: 'curl x', minutes: 1, name, chat: 'A & B' });
    expect(message.text).toContain(name);
    const shown = (message.entities ?? []).map(({ type, offset, length }) => [
      type,
      message.text.slice(offset, offset + length),
    ]);
    expect(shown).toEqual([
      ['code', 'THE-TOKEN'],
      ['pre', 'curl x'],
    ]);
  });

  it('agree in number', () => {
    expect(en.testQueued({ name: 'x', remaining: 1 })).toContain(': 1 alert left.');
    expect(en.testQueued({ name: 'x', remaining: 0 })).toContain(': 0 alerts left.');
    expect(en.tooManyTokens(1)).toContain('in 1 second.');
    expect(en.welcomeBack(1)).toContain('1 active integration.\n\n/integrations shows it,');
    expect(en.welcomeBack(2)).toContain('2 active integrations.\n\n/integrations shows them,');
    expect(es.testQueued({ name: 'x', remaining: 1 })).toContain(': queda 1 alerta.');
    expect(es.testQueued({ name: 'x', remaining: 0 })).toContain(': quedan 0 alertas.');
    expect(es.quotaLine({ name: 'x', left: 1, limit: 10 })).toBe('• x: hoy queda 1 de 10 alertas');
    expect(es.quotaLine({ name: 'x', left: 2, limit: 10 })).toBe('• x: hoy quedan 2 de 10 alertas');
    expect(es.tooManyTokens(1)).toContain('en 1 segundo.');
    expect(es.welcomeBack(1)).toContain('1 integración activa.\n\n/integrations la muestra,');
    expect(es.welcomeBack(2)).toContain('2 integraciones activas.\n\n/integrations las muestra,');
  });

  it('are chosen by language, with English for everybody else', () => {
    expect(chooseTexts('es')).toBe(es);
    expect(chooseTexts('es-419')).toBe(es);
    for (const other of [undefined, '', 'en', 'de', 'constructor', '__proto__'])
      expect(chooseTexts(other)).toBe(en);
  });
});
