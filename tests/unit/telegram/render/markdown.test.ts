import { describe, expect, it } from 'vitest';
import { formatMarkdown } from '../../../../src/telegram/render/markdown.ts';
import { describeEntities } from '../message-rules.ts';

/** Source, visible text, entities. */
const GOLDENS: Record<string, [string, string, string[]]> = {
  'bold, italic, struck and code': [
    '**disk** *full* __db__ _now_ ~~old~~ `df -h`',
    'disk full db now old df -h',
    ['bold disk', 'italic full', 'bold db', 'italic now', 'strikethrough old', 'code df -h'],
  ],
  'styles within styles': ['_a **b** c_', 'a b c', ['italic a b c', 'bold b']],
  'code interrupts bold, since Telegram allows neither in the other': [
    '**a `c` b**',
    'a c b',
    ['bold a ', 'code c', 'bold  b'],
  ],
  'a heading, as bold': [
    '# Disk *full*\n## Host',
    'Disk full\nHost',
    ['bold Disk full', 'italic full', 'bold Host'],
  ],
  'line feeds and empty lines as written': ['a\nb\n\nc', 'a\nb\n\nc', []],
  'hard breaks': ['a  \nb\\\nc', 'a\nb\nc', []],
  'a fence with its language': [
    'log:\n```python\nx = [1]\n\n  y\n```\nend',
    'log:\nx = [1]\n\n  y\nend',
    ['pre[python] x = [1]\n\n  y'],
  ],
  'indented code': [
    'trace:\n\n    at a()\n      at b()',
    'trace:\n\nat a()\n  at b()',
    ['pre at a()\n  at b()'],
  ],
  'lists, nested and numbered': [
    '- a\n- b\n  - c\n    more\n\n9. x\n10. y',
    '• a\n• b\n  • c\n    more\n\n9. x\n10. y',
    [],
  ],
  'code inside a list': ['- a\n  ```\n  x\n    y\n  ```\n- b', '• a\n  x\n  y\n• b', ['pre x\n  y']],
  'a quote, and quotes in it with their mark': [
    '> q\n> > inner\n> > two',
    'q\n> inner\n> two',
    ['blockquote q\n> inner\n> two'],
  ],
  'links that Telegram takes': [
    '[up](https://a.b/c) <https://x.y> [`code`](https://a.b) [ref][r]\n\n[r]: https://r.s',
    'up https://x.y code ref',
    [
      'text_link[https://a.b/c] up',
      'text_link[https://x.y] https://x.y',
      'text_link[https://a.b] code',
      'text_link[https://r.s] ref',
    ],
  ],
  'links that Telegram refuses, with their address': [
    '[g](http://grafana:3000/d) [m](mailto:a@b.c) <a@b.c> [x](../y)',
    'g (http://grafana:3000/d) m (mailto:a@b.c) a@b.c x (../y)',
    [],
  ],
  'images, as links': [
    '![graph](https://a.b/g.png) ![](https://a.b/h.png)',
    'graph https://a.b/h.png',
    ['text_link[https://a.b/g.png] graph', 'text_link[https://a.b/h.png] https://a.b/h.png'],
  ],
  'a rule': ['a\n\n---\n\nb', 'a\n\n———\n\nb', []],
  'HTML, as written': [
    'List<String> <b>no</b>\n\n<div>\nhi\n</div>',
    'List<String> <b>no</b>\n\n<div>\nhi\n</div>',
    [],
  ],
  'escapes and entities': ['\\*a\\* &amp; &lt;', '*a* & <', []],
  'a label that CommonMark would take for a definition': ['[ERROR]: disk\nhost', '[ERROR]: disk\nhost', []],
  'single tildes and asterisks of an ordinary text': [
    '~5 ms and ~6 ms, 2 * 3 * 4',
    '~5 ms and ~6 ms, 2 * 3 * 4',
    [],
  ],
  'snake_case names': ['the disk_usage_total of db_1', 'the disk_usage_total of db_1', []],
  'markup that is not closed': ['**a `b [c](', '**a `b [c](', []],
};

describe('markdown', () => {
  it.each(Object.entries(GOLDENS))('shows %s', (_title, [source, text, entities]) => {
    const styled = formatMarkdown(source);
    expect(styled.text).toBe(text);
    expect(describeEntities(styled)).toEqual(entities);
  });

  it('refuses what is nested deeper than any message', () => {
    for (const deep of ['> ', '- ', '1. ', '>- ', '*a **b ']) {
      expect(() => formatMarkdown(`${deep.repeat(65)}c${' b** a*'.repeat(65)}`)).toThrow(RangeError);
    }
    expect(formatMarkdown(`${'> '.repeat(64)}a`).text).toBe(`${'> '.repeat(63)}a`);
  });

  it('refuses what would become far longer than it was written', () => {
    // Telegram takes no "/x…", so each of the 2,000 links would show the address: 12 million characters.
    const target = `/${'x'.repeat(6_000)}`;
    expect(() => formatMarkdown(`[a]: ${target}\n\n${'[a] '.repeat(2_000)}`)).toThrow(RangeError);
    expect(formatMarkdown(`[a]: ${target}\n\n[a] [a]`).text).toBe(`a (${target}) a (${target})`);
  });

  it('parses long texts that people do write', () => {
    const list = Array.from({ length: 800 }, (_, i) => `- **host_${i}_a** is _down_`).join('\n');
    const log = Array.from({ length: 300 }, (_, i) => `${i} snake_case_name_of_metric_total *** \`x\``).join(
      '\n',
    );
    const quote = Array.from({ length: 300 }, (_, i) => `> > - line ${i}`).join('\n');
    expect(() => [list.slice(0, 14_000), log, quote].map(formatMarkdown)).not.toThrow();
  });
});
