import { describe, expect, it } from 'vitest';
import { faultOfTemplate, MAX_TEMPLATE, renderTemplate } from '../../../src/ingest/json/template.ts';

const values = {
  big: 'x'.repeat(200_000),
  list: Array.from({ length: 20_000 }, (_, id) => ({ id, name: `n${id}` })),
  deep: JSON.parse('['.repeat(3_000) + ']'.repeat(3_000)),
};

/** Twice what one rendering may take, and a slow machine on top. */
const MOST_MS = 1_500;

describe('a template', () => {
  it.each([
    ['a loop', '{% for i in (1..100000000) %}x{% endfor %}'],
    ['loops in loops', '{% for i in (1..9999) %}{% for j in (1..9999) %}{% endfor %}{% endfor %}'],
    [
      'a text that doubles',
      '{% assign a = "xxxxxxxx" %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}{{ a }}',
    ],
    [
      'a capture that doubles',
      '{% capture a %}xx{% endcapture %}{% for i in (1..60) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}',
    ],
    [
      'a list that doubles',
      '{% assign l = list %}{% for i in (1..30) %}{% assign l = l | concat: l %}{% endfor %}',
    ],
    ['a replacement', '{{ big | replace: "x", big }}'],
    ['a joined list', '{{ list | map: "name" | join: big }}'],
    ['the width of a date', "{{ 'now' | date: '%999999999Y' }}"],
    ['the same text often', '{% for i in (1..1900) %}{{ big }}{% endfor %}'],
    ['the same text often, raw', '{% for i in (1..1900) %}{{ big | raw }}{% endfor %}'],
    ['much sorting', '{% for i in (1..1000) %}{% assign l = list | sort: "name" %}{% endfor %}'],
    ['much JSON', '{% for i in (1..500) %}{% assign j = list | json %}{% endfor %}'],
    ['deep JSON', '{{ deep | json }}'],
    ['a file', "{% include '/etc/passwd' %}"],
    ['a file, rendered', "{% render '/etc/passwd' %}"],
    ['a file, around it', "{% layout '/etc/passwd' %}"],
    ['an expression for each', '{% assign l = list | where_exp: "a", "big contains big" %}'],
  ])('fails soon by %s', (_, template) => {
    const began = performance.now();
    const before = process.memoryUsage().rss;
    expect(() => renderTemplate(template, values)).toThrow();
    expect(performance.now() - began).toBeLessThan(MOST_MS);
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });

  it('sees nothing but what came', () => {
    const template =
      '{{ big.constructor }}{{ constructor }}{{ __proto__ }}{{ list.__proto__ }}{{ process }}{{ deep.constructor.constructor }}';
    expect(renderTemplate(template, values)).toBe('');
  });

  it('writes objects as JSON, and nothing for nothing', () => {
    expect(renderTemplate('{{ a }}|{{ b }}|{{ c.d }}', { a: { x: 1 }, c: null })).toBe('{"x":1}||');
  });

  it('is told what is wrong with it, without a word of another file', () => {
    expect(faultOfTemplate('{% if a %}')).toContain('if');
    expect(faultOfTemplate("{% include 'x' %}")).toContain('include');
    expect(faultOfTemplate('{{ a | nonsense }}')).toBeDefined();
    expect(faultOfTemplate('x'.repeat(MAX_TEMPLATE + 1))).toContain(String(MAX_TEMPLATE));
    expect(faultOfTemplate('{{ a | upcase }}')).toBeUndefined();
  });
});
