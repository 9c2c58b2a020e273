import { describe, expect, it } from 'vitest';
import { parseHtml } from '../../../../src/sandbox/double/html-entities.ts';
import { parseMarkdownV2 } from '../../../../src/sandbox/double/markdown-entities.ts';

describe('parse_mode HTML', () => {
  it('turns tags into entities with UTF-16 offsets', () => {
    expect(parseHtml('🐧 <b>a <i>b</i></b> &lt;&#33;')).toEqual({
      text: '🐧 a b <!',
      entities: [
        { type: 'italic', offset: 5, length: 1 },
        { type: 'bold', offset: 3, length: 3 },
      ],
    });
  });

  it('keeps the language of a code block in one entity', () => {
    const { entities } = parseHtml('<pre><code class="language-sh">ls</code></pre>');
    expect(entities).toEqual([{ type: 'pre', offset: 0, length: 2, language: 'sh' }]);
  });

  it('keeps a link and drops an address without a scheme that people can open', () => {
    expect(parseHtml('<a href="https://a.b/?x=1&amp;y=2">x</a>').entities[0]?.url).toBe(
      'https://a.b/?x=1&y=2',
    );
    expect(parseHtml('<a href="javascript:alert(1)">x</a>').entities).toEqual([]);
  });

  it.each([
    ['<b>x', 'Can\'t find end tag corresponding to start tag "b"'],
    ['é<h1>x</h1>', 'Unsupported start tag "h1" at byte offset 2'],
    ['<b>x</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ['x</b>', 'Unexpected end tag at byte offset 1'],
    ['a < b', 'Unclosed start tag at byte offset 2'],
    ['<span>x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ])('refuses %j in Telegram’s words', (html, why) => {
    expect(() => parseHtml(html)).toThrow(`Bad Request: can't parse entities: ${why}`);
  });
});

describe('parse_mode MarkdownV2', () => {
  it('reads marks, links and escapes', () => {
    expect(parseMarkdownV2('*a _b_* `c*` [d](https://e.f) 1\\.')).toEqual({
      text: 'a b c* d 1.',
      entities: [
        { type: 'italic', offset: 2, length: 1 },
        { type: 'bold', offset: 0, length: 3 },
        { type: 'code', offset: 4, length: 2 },
        { type: 'text_link', offset: 7, length: 1, url: 'https://e.f' },
      ],
    });
  });

  it('refuses a reserved character and an open mark', () => {
    expect(() => parseMarkdownV2('1.')).toThrow("Character '.' is reserved");
    expect(() => parseMarkdownV2('ab *c')).toThrow("Can't find end of Bold entity at byte offset 3");
  });
});
