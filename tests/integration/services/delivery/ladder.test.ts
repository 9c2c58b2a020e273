import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALERT_FORMATS, type AlertContent } from '../../../../src/domain/alert.ts';
import { errorAnswer } from '../../../../src/sandbox/bot-api-double.ts';
import { createDeliveryRig, type DeliveryRig } from './rig.ts';

/** Refusals of a message: those that the table knows, and others. */
const REFUSALS = [
  "Bad Request: can't parse entities: unsupported start tag",
  'Bad Request: ENTITIES_TOO_LONG',
  'Bad Request: BUTTON_USER_PRIVACY_RESTRICTED',
  'Bad Request: REPLY_MARKUP_INVALID',
  'Bad Request: the chat is not a forum',
  'Bad Request: message thread not found',
  'Bad Request: message is too long',
  'Bad Request: CHAT_SEND_DOCS_FORBIDDEN',
  'Bad Request: CHAT_SEND_PLAIN_FORBIDDEN',
  'Bad Request: what nobody has seen yet',
  'Bad Request',
  '',
];
/** What stands between the words; none of it hides one. */
const BETWEEN = [
  ...[
    ' ',
    '\n',
    '\n\n',
    ' ** ',
    ' *',
    ' _',
    ' ~~',
    ' `',
    '\n> ',
    '\n- ',
    ' <b>',
    '</b> ',
    ' <i> ',
    ' 😀 ',
    ' & ',
  ],
  ...[' [link](https://a.b/c) ', ' <a href="https://a.b">link</a> ', `[l](https://a.b/${'p'.repeat(700)}) `],
];
const SILENCE = { title: 'Silence', url: 'https://a.b/silence' };
const BUTTON = { url: 'https://a.b/button', urlTitle: 'Open', moreLinks: [SILENCE] };

const words = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 2_500 })),
    fc.array(fc.constantFrom(...BETWEEN), { minLength: 1, maxLength: 12 }),
  )
  .map(([count, between]) =>
    Array.from({ length: count }, (_, index) => `w${index}z${between[index % between.length]} `),
  );
/** For each call: a refusal, or none. */
const answers = fc.array(fc.option(fc.constantFrom(...REFUSALS), { nil: null }), { maxLength: 12 });

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await createDeliveryRig();
});
afterAll(() => rig.close());

/** All that a chat shows, files included; without captions, which repeat how their file begins, nothing twice. */
function shownIn(chatId: number, withCaptions = true): string {
  return rig.double
    .messages(chatId)
    .map(({ text = '', caption = '', document, reply_markup: markup }) => {
      const file = document === undefined ? '' : rig.double.file(document.file_id)?.toString('utf8');
      return [text, withCaptions ? caption : '', file, JSON.stringify(markup ?? '')].join('\n');
    })
    .join('\n');
}

describe('any text, any format and any sequence of refusals', () => {
  it('the words arrive once, unless the plainest form is refused', () => {
    return fc.assert(
      fc.asyncProperty(
        words,
        fc.constantFrom(...ALERT_FORMATS),
        answers,
        fc.boolean(),
        fc.option(fc.constant(77), { nil: null }),
        async (pieces, format, refusals, hasButton, threadId) => {
          const kept = upTo(pieces, 16_000);
          const chat = await rig.addChat();
          const { chatId } = chat;
          rig.double.clearFaults();
          for (const refusal of refusals) {
            rig.double.fault({ chatId, ...(refusal === null ? {} : { action: errorAnswer(400, refusal) }) });
          }
          const content: Partial<AlertContent> = {
            ...{ message: kept.join(''), title: 'title', format },
            ...(hasButton ? BUTTON : {}),
          };
          const job = await rig.accept(chat, content, { threadId });
          const before = rig.sends().length;
          await rig.deliver(job);
          const { status, messageIds } = await rig.entry(job);
          const sent = rig.sends().slice(before);
          expect(messageIds.length).toBe(sent.filter((call) => call.status === 200).length);
          const shown = shownIn(chatId);
          const times = new Map<string, number>();
          for (const [word] of shownIn(chatId, false).matchAll(/w\d+z/g))
            times.set(word, (times.get(word) ?? 0) + 1);
          expect([...times].filter(([, count]) => count > 1)).toEqual([]);
          if (status !== 'delivered') {
            expect(status).toBe('failed');
            expectPlainest(sent.at(-1)?.payload ?? {});
            return;
          }
          const missing = kept
            .map((piece) => /w\d+z/.exec(piece)?.[0] ?? '')
            .filter((word) => !times.has(word));
          expect(missing).toEqual([]);
          if (hasButton) expect(shown).toContain(BUTTON.url);
        },
      ),
      { seed: 12, numRuns: 60 },
    );
  }, 120_000);
});

/** As many of them, from the first on, as have no more characters than that. */
function upTo(pieces: readonly string[], most: number): readonly string[] {
  let length = 0;
  const end = pieces.findIndex((piece) => {
    length += piece.length;
    return length > most;
  });
  return end < 0 ? pieces : pieces.slice(0, end);
}

function expectPlainest(payload: object): void {
  for (const field of ['entities', 'caption_entities', 'reply_markup', 'message_thread_id'])
    expect(payload).not.toHaveProperty(field);
}

describe('a refusal', () => {
  const unknown = errorAnswer(400, 'Bad Request: what nobody has seen yet');
  const long = `${'a'.repeat(4_000)} ${'b'.repeat(4_000)} <a href="https://a.b/c">${'c'.repeat(3_000)}</a>`;

  it('of a later part costs nothing but its looks', async () => {
    const chat = await rig.addChat();
    const job = await rig.accept(chat, { message: long, format: 'html', ...BUTTON });
    rig.double.fault({ chatId: chat.chatId });
    rig.double.fault({ chatId: chat.chatId });
    rig.double.fault({ chatId: chat.chatId, action: unknown });
    await rig.deliver(job);
    expect(await rig.entry(job)).toMatchObject({ status: 'delivered', parts: 4 });
    const texts = rig.double.messages(chat.chatId).map(({ text = '' }) => text);
    expect(texts).toHaveLength(4);
    expect(texts[2]).toBe(`(3/3)\n${'c'.repeat(3_000)} (https://a.b/c)`);
    expect(texts[3]).toBe(`${BUTTON.urlTitle}: ${BUTTON.url}\nSilence: ${SILENCE.url}`);
  });

  it('of a later part again makes a file of what is left', async () => {
    const chat = await rig.addChat();
    const job = await rig.accept(chat, { message: long, format: 'html' });
    rig.double.fault({ chatId: chat.chatId });
    rig.double.fault({ chatId: chat.chatId, times: 2, action: unknown });
    await rig.deliver(job);
    expect(await rig.entry(job)).toMatchObject({ status: 'delivered', parts: 2 });
    const [, second] = rig.double.messages(chat.chatId);
    const file = rig.double.file(second?.document?.file_id ?? '')?.toString('utf8');
    expect(file).toBe(`(2/3)\n${'b'.repeat(4_000)} \n(3/3)\n${'c'.repeat(3_000)} (https://a.b/c)`);
  });

  it('of files leads to messages, however many', async () => {
    const chat = await rig.addChat();
    const message = 'word '.repeat(3_200).trimEnd();
    // More than four messages hold, which is a file by itself.
    const tags = Array.from({ length: 10 }, (_, index) => `${'y'.repeat(31)}${index}`);
    const job = await rig.accept(chat, { message, title: 'x'.repeat(256), tags, ...BUTTON });
    rig.double.fault({
      chatId: chat.chatId,
      method: 'sendDocument',
      times: 'always',
      action: errorAnswer(400, 'Bad Request: CHAT_SEND_DOCS_FORBIDDEN'),
    });
    for (let tries = 0; tries < 3; tries++) await rig.deliver(job);
    expect(await rig.entry(job)).toMatchObject({ status: 'delivered' });
    // It was tried, in vain.
    expect(
      rig.sends().some(({ chatId, method }) => chatId === chat.chatId && method === 'sendDocument'),
    ).toBe(true);
    const messages = rig.double.messages(chat.chatId);
    expect(messages.length).toBeGreaterThan(4);
    expect(messages.filter(({ document }) => document !== undefined)).toEqual([]);
    const shown = shownIn(chat.chatId);
    expect(shown.match(/\bword\b/g)).toHaveLength(3_200);
    expect(shown).toContain('x'.repeat(256));
    expect(shown).toContain(BUTTON.url);
    expect((await rig.integration(chat)).unreachableSince).toBeNull();
  });

  it('keeps the form for a resend, where parts have arrived in it', async () => {
    const chat = await rig.addChat();
    const job = await rig.accept(chat, { message: long, format: 'html' });
    rig.double.fault({ chatId: chat.chatId, action: unknown });
    rig.double.fault({ chatId: chat.chatId });
    rig.double.fault({ chatId: chat.chatId, action: errorAnswer(403, 'Forbidden: not enough rights') });
    const ended = await rig.deliver(job);
    expect(ended).toMatchObject({ kind: 'ended', form: { simplicity: 1 }, outcome: { status: 'failed' } });
  });
});
