import { describe, expect, it } from 'vitest';
import { formatHtml } from '../../../../src/telegram/render/html.ts';
import { describeEntities } from '../message-rules.ts';

/** Source, visible text, entities. */
const GOLDENS: Record<string, [string, string, string[]]> = {
  "all of Telegram's styles": [
    '<b>b</b><strong>b</strong><i>i</i><em>i</em><u>u</u><ins>u</ins><s>s</s><strike>s</strike><del>s</del><code>c</code><tg-spoiler>t</tg-spoiler><span class="tg-spoiler">t</span>',
    'bbiiuusssctt',
    [
      'bold b',
      'bold b',
      'italic i',
      'italic i',
      'underline u',
      'underline u',
      'strikethrough s',
      'strikethrough s',
      'strikethrough s',
      'code c',
      'spoiler t',
      'spoiler t',
    ],
  ],
  'styles within styles, whatever their case': ['<B>a <i>b</I></b>', 'a b', ['bold a b', 'italic b']],
  'a code block and its language': [
    '<pre>a\n b</pre><pre><code class="language-python">x &lt; 1</code></pre>',
    'a\n bx < 1',
    ['pre a\n b', 'pre[python] x < 1'],
  ],
  quotes: [
    '<blockquote>q</blockquote><blockquote expandable>r</blockquote>',
    'qr',
    ['blockquote q', 'expandable_blockquote r'],
  ],
  'links that Telegram takes': [
    '<a href="https://a.b?x=1&amp;y=2">l</a> <a href=\'tg://user?id=1\'>u</a>',
    'l u',
    ['text_link[https://a.b?x=1&y=2] l', 'text_link[tg://user?id=1] u'],
  ],
  'links that Telegram refuses, with their address': [
    '<a href="http://grafana:3000">g</a> <a href="/x"></a> <a>n</a>',
    'g (http://grafana:3000) /x <a>n</a>',
    [],
  ],
  'a link without an end': ['<a href="http://wiki/x">docs', 'docs (http://wiki/x)', []],
  'entities, by name and number': [
    '&lt;a&gt; &amp;&quot;&nbsp;&copy;&#128512;&#x1F600;',
    '<a> &"\u00a0©😀😀',
    [],
  ],
  'ampersands that begin no entity': ['a && b &c ?x=1&copy=2&y', 'a && b &c ?x=1&copy=2&y', []],
  'numbers of no character': ['&#0;&#xD83D;&#x110000;', '\ufffd\ufffd\ufffd', []],
  'line feeds and spaces as written': ['a\n\n  b', 'a\n\n  b', []],
  'breaks and paragraphs': ['<p>a</p><p>b</p>c<br>d<br/>\ne', 'a\nb\nc\nd\ne', []],
  'custom emoji, as their text': ['<tg-emoji emoji-id="5">👍</tg-emoji>', '👍', []],
  'unknown tags, as written': [
    'List<String> <x a="1">y</x> <img src="z"/> <span class="q">r</span>',
    'List<String> <x a="1">y</x> <img src="z"/> <span class="q">r</span>',
    [],
  ],
  'comments, declarations and scripts, as written': [
    '<!-- c --><!DOCTYPE html><?xml ?><![CDATA[d]]><script>if (a<b) x()</script>',
    '<!-- c --><!DOCTYPE html><?xml ?><![CDATA[d]]><script>if (a<b) x()</script>',
    [],
  ],
  comparisons: ['1 < 2 && 3 > 2 <3', '1 < 2 && 3 > 2 <3', []],
  'an end without a beginning': ['a</b> c', 'a</b> c', []],
  'a tag that is cut off': ['a <b', 'a <b', []],
  'an end tag that is cut off': ['<b>a</b', 'a</b', ['bold a</b']],
  'a tag that is never closed': ['<b>a', 'a', ['bold a']],
  'tags that cross': ['<b>a<i>b</b>c', 'abc', ['bold ab', 'italic b']],
  'no style inside code': ['<code>a<b>c</b></code>', 'ac', ['code ac']],
  'an unknown tag inside a known one': [
    '<span class="tg-spoiler">a<span>b</span>c</span>',
    'a<span>b</span>c',
    ['spoiler a<span>b</span>c'],
  ],
};

describe('html', () => {
  it.each(Object.entries(GOLDENS))('shows %s', (_title, [source, text, entities]) => {
    const styled = formatHtml(source);
    expect(styled.text).toBe(text);
    expect(describeEntities(styled)).toEqual(entities);
  });

  it('refuses what is nested deeper than any message', () => {
    expect(() => formatHtml('<b><i>'.repeat(100))).toThrow(RangeError);
  });
});
