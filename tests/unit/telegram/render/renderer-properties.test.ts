import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ALERT_FORMATS, type AlertFormat } from '../../../../src/domain/alert.ts';
import { formatHtml } from '../../../../src/telegram/render/html.ts';
import { formatMarkdown } from '../../../../src/telegram/render/markdown.ts';
import { createRenderer } from '../../../../src/telegram/render/renderer.ts';
import { codePoint } from '../../../support/code-points.ts';
import { expectSendable, joinParts } from '../message-rules.ts';

const SEED = 20_261_125;

/** How long it may take is render-cost.test.ts' matter. */
const { render, close } = createRenderer(20_000);
afterAll(close);

const MARKUP = [
  '**',
  '*',
  '_',
  '~~',
  '`',
  '```\n',
  '\n\n',
  '\n',
  '> ',
  '- ',
  '1. ',
  '# ',
  '[',
  '](https://a.b)',
  '](',
  ')',
  '![',
  '---\n',
  '    ',
  '\\',
  '<b>',
  '</b>',
  '<i>',
  '</i>',
  '<pre>',
  '</pre>',
  '<code class="language-x">',
  '</code>',
  '<a href="https://a.b">',
  '</a>',
  '<blockquote>',
  '</blockquote>',
  '<p>',
  '<br>',
  '<x',
  '<',
  '>',
  '&lt;',
  '&#128512;',
  '&',
  '<!--',
  '[a]: b\n',
  `[link](https://a.b/${'p'.repeat(900)})`,
  `<a href="https://a.b/${'ä'.repeat(900)}">link</a>`,
];
const CLUSTERS = [
  '👨‍👩‍👧‍👦',
  '🇩🇪',
  'e\u0301',
  '👍🏽',
  'नि',
  '\r\n',
  'שלום',
  '\u202Eabc\u202C',
  'Z\u0351\u036b\u0343',
  '\uD83D',
  '\uDE00',
  '\u0000',
];

const piece = fc.oneof(
  // Any code point of all planes, in runs.
  fc.string({ unit: codePoint, maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom(...MARKUP),
  fc.constantFrom(...CLUSTERS),
  fc.constantFrom('word ', 'two words ', 'a line of a log\n'),
);
const length = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 5, arbitrary: fc.integer({ min: 300, max: 9_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 9_000, max: 16_000 }) },
);
/** Pieces, repeated up to a length: cut anywhere, so pairs and markup break. */
const message = fc.tuple(fc.array(piece, { minLength: 1, maxLength: 40 }), length).map(([pieces, size]) => {
  const text = pieces.join('') || '.';
  return text.repeat(Math.ceil(size / text.length)).slice(0, size);
});
const from = fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }), { nil: undefined });
const title = fc.option(fc.string({ unit: codePoint, minLength: 1, maxLength: 60 }), { nil: undefined });

/** UTF-8 has no lone surrogates: writing them makes U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** What is to be seen of a message: the visible text of its markup, or itself. */
function visibleText(text: string, format: AlertFormat): string {
  if (format === 'plain') return text;
  try {
    const styled = format === 'html' ? formatHtml(text) : formatMarkdown(text);
    return isSeen(styled.text) ? styled.text : text;
  } catch {
    return text;
  }
}

/** As Telegram: something beside white space, controls, formats and marks that it strips. */
function isSeen(text: string): boolean {
  return /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\uFFFC]/u.test(
    text.replace(/[\u030A\u0333\u033F]/g, ''),
  );
}

describe('any text, in any format', () => {
  it.each(ALERT_FORMATS)('arrives whole, in parts that Telegram takes: %s', (format) => {
    return fc.assert(
      fc.asyncProperty(message, title, from, async (text, heading, name) => {
        const content = {
          ...{ message: text, format },
          ...(heading === undefined ? {} : { title: heading }),
          ...(name === undefined ? {} : { from: name }),
        };
        const parts = await render(content, 0);
        expect(parts.length).toBeGreaterThanOrEqual(1);
        expect(parts.length).toBeLessThanOrEqual(4);

        const clean = wellFormed(text);
        const head = heading === undefined ? '' : `${wellFormed(heading)}\n`;
        const tail = name === undefined ? '' : `\n— ${wellFormed(name)}`;
        const seen = head + visibleText(clean, format) + tail;
        for (const part of parts) expectSendable(part);
        if (!isSeen(seen)) return;
        const [first] = parts;
        if (first?.kind === 'document') {
          expect(first.document?.content).toBe(head + clean + tail);
          expect([...seen].length).toBeGreaterThan(4_090 * 3);
          return;
        }
        // expect() on long texts is slow to no end: compare first.
        if (joinParts(parts) !== seen) expect(joinParts(parts)).toBe(seen);
        expectWholeGraphemes(
          parts.map((part) => part.text.length - (parts.length > 1 ? 6 : 0)),
          seen,
        );
      }),
      // Markdown is slow in long texts, and is formatted twice here.
      { seed: SEED, numRuns: format === 'markdown' ? 150 : 300 },
    );
  });

  it('arrives whole in its simpler forms', () => {
    return fc.assert(
      fc.asyncProperty(message, fc.constantFrom(...ALERT_FORMATS), async (text, format) => {
        const clean = wellFormed(text);
        fc.pre(isSeen(clean));
        const parts = await render({ message: text, format }, 1);
        for (const part of parts) expectSendable(part);
        const [file] = await render({ message: text, format }, 2);
        expect(file?.document?.content === clean).toBe(true);
        if (file) expectSendable(file);
        expect(parts[0]?.kind === 'document' || joinParts(parts) === clean).toBe(true);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});

function expectWholeGraphemes(lengths: readonly number[], text: string): void {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text);
  let cut = 0;
  for (const partLength of lengths.slice(0, -1)) {
    cut += partLength;
    const segment = segments.containing(cut);
    // Only what is longer than a message may be cut.
    if (segment?.index !== cut) expect([...(segment?.segment ?? '')].length).toBeGreaterThan(4_090);
  }
}
