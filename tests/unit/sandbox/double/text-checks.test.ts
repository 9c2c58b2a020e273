import { describe, expect, it } from 'vitest';
import { checkMarkup } from '../../../../src/sandbox/double/markup-checks.ts';
import { checkCaption, checkText, commandEntities } from '../../../../src/sandbox/double/text-checks.ts';

const entity = (offset: number, length: number, type = 'bold') => ({ type, offset, length });

describe('message text', () => {
  it('counts code points after parsing: 4096 pass, 4097 do not', () => {
    expect(checkText({ text: '🐧'.repeat(4096) }).text).toHaveLength(8192);
    expect(checkText({ text: `<b>${'x'.repeat(4096)}</b>`, parse_mode: 'HTML' }).text).toHaveLength(4096);
    expect(() => checkText({ text: 'x'.repeat(4097) })).toThrow('Bad Request: message is too long');
    expect(() => checkCaption({ caption: 'x'.repeat(1025) })).toThrow(
      'Bad Request: message caption is too long',
    );
  });

  it('refuses white space alone', () => {
    expect(() => checkText({ text: ' \n' })).toThrow('Bad Request: message text is empty');
  });

  it('trims, and moves and shrinks the entities with the text', () => {
    expect(checkText({ text: '  ab  ', entities: [entity(0, 6), entity(2, 1, 'code')] })).toEqual({
      text: 'ab',
      entities: [entity(0, 2), entity(0, 1, 'code')],
    });
  });

  it('refuses entities beyond the text, inside a surrogate pair or of unknown type', () => {
    expect(() => checkText({ text: 'ab', entities: [entity(0, 3)] })).toThrow(
      'Bad Request: entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 3',
    );
    expect(() => checkText({ text: '🐧x', entities: [entity(1, 1)] })).toThrow('middle of a UTF-16 symbol');
    expect(() => checkText({ text: 'ab', entities: [entity(0, 1, 'huge')] })).toThrow('Unsupported type');
  });

  it('takes entities as JSON text and keeps the first hundred', () => {
    const entities = Array.from({ length: 101 }, (_, at) => entity(at, 1));
    const parsed = checkText({ text: 'x'.repeat(200), entities: JSON.stringify(entities) });
    expect(parsed.entities).toHaveLength(100);
  });

  it('finds commands at the start of words only', () => {
    expect(commandEntities('/start a/b /x@bot https://c/d')).toEqual([
      entity(0, 6, 'bot_command'),
      entity(11, 6, 'bot_command'),
    ]);
  });
});

describe('inline keyboards', () => {
  const keyboard = (button: unknown) => ({ reply_markup: { inline_keyboard: [[button]] } });

  it('takes callback data of 1 to 64 bytes', () => {
    expect(checkMarkup(keyboard({ text: 'a', callback_data: 'x'.repeat(64) }))).toBeDefined();
    for (const data of ['', 'x'.repeat(65), 'é'.repeat(33)])
      expect(() => checkMarkup(keyboard({ text: 'a', callback_data: data }))).toThrow(
        'Bad Request: BUTTON_DATA_INVALID',
      );
  });

  it('refuses buttons without an action, bad addresses and more than a hundred buttons', () => {
    expect(() => checkMarkup(keyboard({ text: 'a' }))).toThrow('Text buttons are unallowed');
    expect(() => checkMarkup(keyboard({ text: 'a', url: 'http://localhost/x' }))).toThrow('Wrong HTTP URL');
    const row = Array.from({ length: 101 }, () => ({ text: 'a', callback_data: 'b' }));
    expect(() => checkMarkup({ reply_markup: { inline_keyboard: [row] } })).toThrow(
      'reply markup is too long',
    );
  });
});
