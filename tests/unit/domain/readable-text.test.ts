import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readable } from '../../../src/domain/readable-text.ts';
import { codePoint } from '../../support/code-points.ts';

describe('readable', () => {
  it.each([
    ['plain é 😀\n\ttext', 'plain é 😀\n\ttext'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b[38;2;1;2;3mtrue\u001b[m \u001b[38:5:9mcolour\u001b[K', 'true colour'],
    ['\u001b[?25l\u001b[2J\u001b[1;1Htop', 'top'],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]8;;https://a.example\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001b(B\u001b)0\u001b7\u001b8\u001b=text', 'text'],
    ['\u009b31mred\u009b0m', 'red'],
    ['cut \u001b[3', 'cut '],
    ['\u001b]0;no end\nnext', '␛]0;no end\nnext'],
    ['a\r\nb\rc\n\rd', 'a\nb\nc\n\nd'],
    ['a\u0085b', 'a\nb'],
    ['\u0000\u0001\u0008\u000b\u000c\u001f\u007f', '␀␁␈␋␌␟␡'],
    ['\u0093quoted\u0094', '␦quoted␦'],
    ['half \ud83d and \ude00', 'half \ufffd and \ufffd'],
  ])('makes %j %j', (text, expected) => {
    expect(readable(text)).toBe(expected);
  });

  it('leaves no control character and no half symbol, and is done after one pass', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'\u001b[]0;1m\u009b\u0007\\\r\n\t\u0000a\ud83dP^_') });
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: codePoint })), (text) => {
        const read = readable(text);
        expect(read).not.toMatch(/(?![\n\t])\p{Cc}|\p{Cs}/u);
        expect(readable(read)).toBe(read);
      }),
    );
  });

  it('takes a text of nothing but beginnings in its stride', () => {
    const began = performance.now();
    for (const start of ['\u001b', '\u001b[', '\u001b]', '\u001b[1;', '\u009b1', '\u001bP\u001b'])
      readable(start.repeat(200_000 / start.length));
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
