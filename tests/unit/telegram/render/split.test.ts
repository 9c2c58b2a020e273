import { describe, expect, it } from 'vitest';
import { headOf, splitRendered } from '../../../../src/telegram/render/split.ts';
import { describeEntities, expectWellPlaced } from '../message-rules.ts';

const plain = (text: string) => ({ text, entities: [] });
const raws = (text: string, limit: number) => splitRendered(plain(text), limit).map(({ raw }) => raw);

describe('splitRendered', () => {
  it('ends a part at a paragraph rather than at a line, a line rather than a word', () => {
    expect(raws('one two\n\nthree\nfour five', 16)).toEqual(['one two\n\n', 'three\nfour five']);
    expect(raws('one two\r\n\r\nthree\nfour five', 17)).toEqual(['one two\r\n\r\n', 'three\nfour five']);
    expect(raws('one two\nthree four', 13)).toEqual(['one two\n', 'three four']);
    expect(raws('one two three', 9)).toEqual(['one two ', 'three']);
  });

  it('does not waste more than half a part for a nicer end', () => {
    expect(raws('a\n\nbbb ccc ddd', 10)).toEqual(['a\n\nbbb ', 'ccc ddd']);
  });

  it('cuts tighter when nicer ends make too many parts', () => {
    const text = `${'a'.repeat(6)} ${'b'.repeat(10)}`.repeat(3);
    expect(splitRendered(plain(text), 13).length).toBeGreaterThan(4);
    expect(splitRendered(plain(text), 13, 4)).toHaveLength(4);
  });

  it('counts code points, and never cuts a character that a reader sees as one', () => {
    expect(raws('😀'.repeat(5), 2)).toEqual(['😀😀', '😀😀', '😀']);
    for (const grapheme of ['👨‍👩‍👧‍👦', '🇩🇪', 'e\u0301', '👍🏽', '한', 'नि', '\r\n']) {
      const size = [...grapheme].length;
      expect(raws(grapheme.repeat(4), size * 2 + (size > 1 ? 1 : 0))).toEqual([
        grapheme.repeat(2),
        grapheme.repeat(2),
      ]);
    }
  });

  it('does not take a space with a mark on it for a border', () => {
    expect(raws('aaaa \u0301bbb', 6)).toEqual(['aaaa \u0301', 'bbb']);
    expect(raws('aaaa \u0301bbb', 5)).toEqual(['aaaa', ' \u0301bbb']);
  });

  it('cuts a character that is longer than a part between code points', () => {
    const zalgo = `a${'\u0301'.repeat(9)}`;
    expect(raws(zalgo, 4).map((raw) => raw.length)).toEqual([4, 4, 2]);
  });

  it('gives each part its own whole entities', () => {
    const text = 'aaaa bbbb cccc';
    const slices = splitRendered(
      {
        text,
        entities: [
          { type: 'blockquote', offset: 0, length: 14 },
          { type: 'pre', offset: 2, length: 7, language: 'sh' },
          { type: 'bold', offset: 10, length: 4 },
        ],
      },
      10,
    ).map(({ raw, entities }) => ({ text: raw, entities }));
    expect(slices.map((slice) => slice.text)).toEqual(['aaaa bbbb ', 'cccc']);
    expect(slices.map(describeEntities)).toEqual([
      ['blockquote aaaa bbbb ', 'pre[sh] aa bbbb'],
      ['blockquote cccc', 'bold cccc'],
    ]);
    const cut = splitRendered({ text: 'aaaabbbb', entities: [{ type: 'code', offset: 2, length: 4 }] }, 4);
    expect(cut.map(({ entities }) => entities)).toEqual([
      [{ type: 'code', offset: 2, length: 2 }],
      [{ type: 'code', offset: 0, length: 2 }],
    ]);
  });

  it('keeps links and code of more than 100 entities, and their order', () => {
    const entities = Array.from({ length: 150 }, (_, i) => ({
      type: i % 5 === 0 ? 'text_link' : i % 5 === 1 ? 'code' : 'bold',
      offset: i * 2,
      length: 1,
    }));
    const [slice] = splitRendered({ text: 'ab'.repeat(150), entities }, 1_000);
    expect(slice?.entities).toHaveLength(100);
    expect(slice?.entities.filter(({ type }) => type === 'text_link')).toHaveLength(30);
    expect(slice?.entities.filter(({ type }) => type === 'code')).toHaveLength(30);
    expectWellPlaced({ text: slice?.raw ?? '', entities: slice?.entities ?? [] });
  });

  it('gives nothing for nothing', () => {
    expect(raws('', 10)).toEqual([]);
  });
});

describe('headOf', () => {
  it('ends at a border, without white space at its end', () => {
    const head = headOf({ text: 'one two three', entities: [{ type: 'bold', offset: 4, length: 9 }] }, 9);
    expect(head).toEqual({ text: 'one two', entities: [{ type: 'bold', offset: 4, length: 3 }] });
    expect(headOf(plain('👨‍👩‍👧‍👦'.repeat(3)), 10).text).toBe('👨‍👩‍👧‍👦');
  });
});
