import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ALERT_FORMATS, ALERT_LIMITS, type AlertContent } from '../../../../src/domain/alert.ts';
import { RenderLimitError } from '../../../../src/domain/render-limit.ts';
import { type AlertRenderer, createRenderer } from '../../../../src/telegram/render/renderer.ts';
import { holdMs } from '../../../support/hold.ts';
import { expectSendable } from '../message-rules.ts';

const SEED = 20_261_127;

/** Longest that a render may hold up the event loop, in ms (issue 11, "Work per input"). */
const HOLD_MS = 100;
/** Parses whatever takes less than that on any machine, so that the rest of the render is seen, too. */
const patient = createRenderer(20_000);
/** For texts that may take seconds. */
const strict = createRenderer(500);
afterAll(async () => {
  await patient.close();
  await strict.close();
});

/** Fails unless the render gives what Telegram takes, and lets go of the event loop. `strict` may refuse, too. */
async function expectShortHold(by: AlertRenderer, content: AlertContent, simplicity: 0 | 1 | 2 = 0) {
  const render = async () => {
    const parts = await by.render(content, simplicity).catch((error: unknown) => {
      if (by === strict && error instanceof RenderLimitError) return [];
      throw error;
    });
    expect(parts.length).toBeLessThanOrEqual(4);
    parts.forEach(expectSendable);
  };
  expect(await holdMs(render, HOLD_MS)).toBeLessThan(HOLD_MS);
}

/** What is shown in messages; more is a file, of which only the beginning is parsed. */
const MOST = ALERT_LIMITS.inMessages;
const full = (unit: string, head = '') => (head + unit.repeat(Math.ceil(MOST / unit.length))).slice(0, MOST);
const halves = (first: string, second: string) => full(first).slice(0, 8_000) + full(second).slice(0, 8_000);
const links = (count: number, address: string) => `[a]: ${address}\n\n${'[a] '.repeat(count)}`;

/** Each held the event loop up for 0.2 s to minutes in some version of this code, or in a parser that was tried. */
const SLOW: Readonly<Record<string, string>> = {
  instructions: full('<?', 'a '),
  'declarations of many kinds': full('=<?\n"\t\\', '#<!A'),
  comments: full('<!--', 'a '),
  '400 links to one address of 4,000 characters': links(400, `/${'x'.repeat(4_000)}`),
  '1,600 links to one address of 6,000 characters': links(1_600, `/${'x'.repeat(6_000)}`),
  '1,600 links to one address that Telegram takes': links(1_600, `https://a.b/${'x'.repeat(2_000)}`),
  'escaped brackets between empty lines': full('\n\n[a]\\['),
  'unclosed links': full('[a]('),
  brackets: halves('[', ']'),
  strikethroughs: full('~~a'),
  quotes: full('> '),
  'elements that never end': full('<b>'),
  'elements that end otherwise': halves('<x>', '</y>'),
  'unclosed attributes': full('<a href="'),
  'links in HTML': full(`<a href="https://${'äю中.'.repeat(15)}c">a</a>`),
  'character references': full('.</b>&nGt;', '[a]'),
  'one character of many marks': full('\u0301', 'a'),
  flags: full('🇩🇪'),
  joiners: full('👨\u200d'),
  'what nobody sees': full('\u200b'),
};

/** Micromark needs 4 to 9 s each. */
const VERY_SLOW: Readonly<Record<string, string>> = {
  'backslashes and rules in turn': full('\\\n---\n'),
  'underlines and parentheses in turn': full('\n===\n)'),
};

describe('a render holds up the event loop for less than 100 ms', () => {
  it.each(Object.entries(SLOW))('%s', async (_, message) => {
    for (const format of ALERT_FORMATS) await expectShortHold(patient, { message, format });
    const content = { message, title: 'T'.repeat(ALERT_LIMITS.title), format: 'html' } as const;
    for (const simplicity of [1, 2] as const) await expectShortHold(patient, content, simplicity);
  });

  it('also as the longest file that an alert can be', async () => {
    for (const unit of Object.values({ ...SLOW, ...VERY_SLOW })) {
      const message = unit
        .repeat(Math.ceil(ALERT_LIMITS.message / unit.length))
        .slice(0, ALERT_LIMITS.message);
      for (const format of ['markdown', 'html'] as const)
        await expectShortHold(patient, { message, format, title: 'T' });
    }
  });

  it.each(Object.entries(VERY_SLOW))('%s', async (_, message) => {
    for (const format of ALERT_FORMATS) await expectShortHold(strict, { message, format });
  });

  it.each(ALERT_FORMATS)('whatever is said again and again: %s', async (format) => {
    await fc.assert(
      fc.asyncProperty(repeated, async (message) => {
        await expectShortHold(strict, { message, format });
      }),
      // A failure is not made smaller: each attempt may take long.
      { seed: SEED, numRuns: format === 'markdown' ? 4 : 20, endOnFailure: true },
    );
  });
});

/** What means something to a parser or to the splitter. */
const TOKENS = [
  ...['*', '**', '_', '~~', '`', '```', '[', '![', ']', '](', '](<', '](a "', '(', ')', '"', '!', '\\', '|'],
  ...['\n', '\n\n', '\r\n', '  \n', '\t', ' ', '    ', '> ', '- ', '1. ', '# ', '\n---\n', '\n===\n'],
  ...['<', '<!--', '-->', '<?', '<!A', '<![CDATA[', '<a ', '<b>', '</b>', '<x>', '</x>', '<pre>', '="', '/>'],
  ...[
    '<a href="/q">',
    '</a>',
    '<blockquote>',
    '&',
    '&#',
    '&amp;',
    '<a@b.c>',
    '<https://a.b>',
    'x'.repeat(500),
  ],
  ...['[a]', '[a]: b\n', '\n[a]: ', 'a', 'b ', 'é', '\u0301', '🇩', '\u200d', '> '.repeat(60), '\0'],
] as const;
const unit = fc
  .array(fc.constantFrom(...TOKENS), { minLength: 1, maxLength: 4 })
  .map((tokens) => tokens.join(''));
/** Up to three units, each said again and again: nearly all slow texts are of that kind. */
const repeated = fc.array(unit, { minLength: 1, maxLength: 3 }).map((units) => {
  const size = Math.floor(MOST / units.length);
  return units.map((each) => each.repeat(Math.ceil(size / each.length)).slice(0, size)).join('');
});
