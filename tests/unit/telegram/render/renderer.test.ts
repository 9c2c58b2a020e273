import { afterAll, describe, expect, it } from 'vitest';
import type { AlertContent } from '../../../../src/domain/alert.ts';
import { createRenderer } from '../../../../src/telegram/render/renderer.ts';
import { describeEntities, expectSendable, joinParts } from '../message-rules.ts';

/** How long it may take is the matter of other tests. */
const { render, renderLiving, close } = createRenderer(20_000);
afterAll(close);

const alert = (message: string, more: Partial<AlertContent> = {}): AlertContent => ({
  message,
  format: 'plain',
  ...more,
});
const words = (length: number) => 'Lorem ipsum dolor. '.repeat(Math.ceil(length / 19)).slice(0, length);

describe('an alert as messages', () => {
  it('is its message, byte for byte, without a title', async () => {
    const message = '  *a* <b>\r\n\tb &amp;\u0007 😀 \u202Eabc ';
    expect(await render(alert(message), 0)).toEqual([{ kind: 'message', text: message, entities: [] }]);
  });

  it('shows title (bold), message and tags below each other', async () => {
    const [part] = await render(alert('full\n', { title: 'Disk', tags: ['db', 'disk full!', '№ ⚡'] }), 0);
    expect(part?.text).toBe('Disk\nfull\n\n#db #disk_full');
    expect(part?.entities).toEqual([{ type: 'bold', offset: 0, length: 4 }]);
  });

  it('moves the entities of a marked-up message behind the title', async () => {
    const [part] = await render(alert('a **b**', { title: 'T😀', format: 'markdown' }), 0);
    expect(describeEntities(part ?? { text: '', entities: [] })).toEqual(['bold T😀', 'bold b']);
  });

  it('replaces lone surrogates', async () => {
    const [part] = await render(alert('a\uD800b\uDC00c😀', { title: '\uDBFF' }), 0);
    expect(part?.text).toBe('\uFFFD\na\uFFFDb\uFFFDc😀');
  });

  it.each(['', ' \n\t', '\u200b', '\u2800\u00ad', '\u0001\u0007'])(
    'says so when %j shows nothing',
    async (message) => {
      for (const format of ['plain', 'markdown', 'html'] as const) {
        for (const simplicity of [0, 1, 2] as const) {
          const [part] = await render(alert(message, { format }), simplicity);
          expect(part?.text).toBe('(empty message)');
          if (part) expectSendable(part);
        }
      }
    },
  );

  it('shows whom it is from below all else, as text', async () => {
    const from = '*db* <b>&amp; [x](https://a.b)';
    for (const format of ['plain', 'markdown', 'html'] as const) {
      const [part] = await render(alert('m', { title: 't', tags: ['x'], from, format }), 0);
      expect(part?.text).toBe(`t\nm\n#x\n— ${from}`);
      expect(describeEntities(part ?? { text: '', entities: [] })).toEqual(['bold t', `italic — ${from}`]);
      const [plain] = await render(alert('m', { from, format }), 1);
      expect(plain).toEqual({ kind: 'message', text: `m\n— ${from}`, entities: [] });
    }
  });

  it('cuts a message with the line that says whom it is from within the limits', async () => {
    const from = 'x'.repeat(64);
    const parts = await render(alert(words(4_090), { from }), 0);
    expect(parts).toHaveLength(2);
    parts.forEach(expectSendable);
    expect(joinParts(parts)).toBe(`${words(4_090)}\n— ${from}`);
  });

  it('says whom a file is from in its caption, too', async () => {
    const from = '😀'.repeat(32);
    const title = 't'.repeat(400);
    for (const simplicity of [0, 1, 2] as const) {
      const [file] = await render(alert(words(16_000), { title, from }), simplicity);
      if (file) expectSendable(file);
      expect(file?.kind).toBe('document');
      expect(file?.text.endsWith(`(full text in the file)\n— ${from}`)).toBe(true);
      expect(file?.document?.content).toBe(`${title}\n${words(16_000)}\n— ${from}`);
    }
    const [short] = await render(alert('m', { from: 'db' }), 2);
    expect([short?.text, short?.document?.content]).toEqual(['m\n— db', 'm\n— db']);
  });

  it('shows an address for which Telegram takes no button, and leaves others to the button', async () => {
    const shown = async (url: string, urlTitle?: string) =>
      (await render(alert('m', { url, ...(urlTitle === undefined ? {} : { urlTitle }), tags: ['t'] }), 0))[0]
        ?.text;
    expect(await shown('http://grafana:3000/d', 'Dashboard')).toBe('m\nDashboard: http://grafana:3000/d\n#t');
    expect(await shown('http://localhost')).toBe('m\nhttp://localhost\n#t');
    expect(await shown('https://a.b')).toBe('m\n#t');
    const moreLinks = [
      { title: 'Silence', url: 'http://alertmanager:9093/#/silences/new' },
      { title: 'Runbook', url: 'https://a.b' },
    ];
    const several = await render(alert('m', { url: 'https://a.b', moreLinks }), 0);
    expect(several[0]?.text).toBe('m\nSilence: http://alertmanager:9093/#/silences/new');
  });
});

describe('markup that cannot be shown', () => {
  it.each([
    ['markdown', '#'],
    ['markdown', '[a]: b'],
    ['markdown', '> '.repeat(7_999)],
    ['markdown', `[a]: /${'x'.repeat(6_000)}\n\n${'[a] '.repeat(2_400)}`],
    ['html', '<b></b>'],
    ['html', '<br>'],
    ['html', '<b><i>'.repeat(2_000)],
  ] as const)('arrives as it was written: %s %#', async (format, message) => {
    const parts = await render(alert(message, { format }), 0);
    expect(joinParts(parts)).toBe(message);
    parts.forEach(expectSendable);
  });
});

describe('a long alert', () => {
  it('is one message up to 4,096 code points, and two beyond', async () => {
    expect(await render(alert('😀'.repeat(4_096)), 0)).toHaveLength(1);
    const parts = await render(alert('😀'.repeat(4_097)), 0);
    expect(parts.map(({ text }) => [...text].length)).toEqual([4_096, 7 + 6]);
  });

  it('is numbered messages that put together are the text, with the entities of each', async () => {
    const message = `**${words(5_000)}end**\n\n${words(6_000)}`;
    const parts = await render(alert(message, { title: 'T', format: 'markdown' }), 0);
    expect(parts).toHaveLength(3);
    parts.forEach(expectSendable);
    expect(joinParts(parts)).toBe(`T\n${message.replaceAll('**', '')}`.trimEnd());
    expect(parts[1]?.entities[0]).toMatchObject({ type: 'bold', offset: '(2/3)\n'.length });
  });

  it('is one file beyond 16,000 characters: the text as written, and its head as the caption', async () => {
    const message = `**Lorem** ipsum. ${words(99_000)}end`;
    const [part, ...others] = await render(alert(message, { format: 'markdown', title: 'T' }), 0);
    expect(others).toEqual([]);
    expect(part?.kind).toBe('document');
    if (part === undefined) return;
    expectSendable(part);
    expect(part.document?.filename).toBe('alert.txt');
    expect(part.document?.content).toBe(`T\n${message}`);
    expect(part.text).toMatch(/^T\nLorem.*\S…\n\n\(full text in the file\)$/su);
    expect(part.entities).toEqual([
      { type: 'bold', offset: 0, length: 1 },
      { type: 'bold', offset: 2, length: 'Lorem'.length },
    ]);
  });

  it('is never taken for a whole one where its first lines fit into the caption, and always has one', async () => {
    for (const [message, caption] of [
      [`one\n\n[two](https://a.b/${'p'.repeat(1_500)})${'x'.repeat(20_000)}`, /^one\n\n/],
      [`${'\n'.repeat(3_000)}${'x'.repeat(20_000)}`, /^…\n\n\(full text in the file\)$/],
    ] as const) {
      const [part] = await render(alert(message, { format: 'markdown' }), 0);
      expect(part?.text).toMatch(caption);
      expect(part?.text).toMatch(/\(full text in the file\)$/);
      expect(part?.document?.content).toBe(message);
    }
  });

  it('of 100,000 characters is 26 messages where no file may be sent, and takes no time to speak of', async () => {
    const began = performance.now();
    const parts = await render(alert(words(100_000)), 3);
    expect(parts.length).toBeLessThanOrEqual(26);
    expect(joinParts(parts)).toBe(words(100_000));
    parts.forEach(expectSendable);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('of 100,000 characters shows its beginning in the message of an incident', async () => {
    const { part } = await renderLiving(alert(`**a** ${words(99_000)}`, { format: 'markdown' }), 0, {
      text: '×2',
      entities: [],
    });
    expectSendable(part);
    expect(part.text).toMatch(/^a Lorem.*…\n×2$/su);
  });

  it('is more messages where one cannot hold the addresses of its links, and loses none', async () => {
    const addresses = Array.from({ length: 14 }, (_, index) => `https://a.b/${index}${'p'.repeat(1_000)}`);
    const parts = await render(
      alert(addresses.map((address, index) => `[link ${index}](${address})`).join(' and '), {
        format: 'markdown',
      }),
      0,
    );
    expect(parts).toHaveLength(2);
    parts.forEach(expectSendable);
    expect(parts.flatMap(({ entities }) => entities.map(({ url }) => url))).toEqual(addresses);
    expect(joinParts(parts)).toBe(addresses.map((_, index) => `link ${index}`).join(' and '));
  });

  it('is more messages where one has more than 100 links', async () => {
    const link = '<a href="https://a.b">l</a> ';
    const parts = await render(alert(link.repeat(250), { format: 'html' }), 0);
    parts.forEach(expectSendable);
    expect(parts.flatMap(({ entities }) => entities)).toHaveLength(250);
  });

  it('drops looks, not links, where the entities take too much', async () => {
    const link = `<a href="https://a.b/${'p'.repeat(1_900)}">l</a>`;
    const message = `${link.repeat(4)}${'<b>b</b> <i>i</i> '.repeat(40)}`;
    const [part, ...others] = await render(alert(message, { format: 'html' }), 0);
    expect(others).toEqual([]);
    if (part) expectSendable(part);
    expect(part?.entities.filter(({ type }) => type === 'text_link')).toHaveLength(4);
  });

  it('prefers fewer messages to nicer ends when 4 are enough', async () => {
    // Paragraphs of 2,100 units: one per message with nice ends, which would be 7 messages.
    const message = `${words(2_098)}\n\n`.repeat(7);
    const parts = await render(alert(message), 0);
    expect(parts).toHaveLength(4);
    expect(joinParts(parts)).toBe(message);
  });
});

describe('the simpler forms', () => {
  const content = alert('**a** [l](https://a.b)', {
    title: 'T',
    format: 'markdown',
    url: 'https://c.d',
    urlTitle: 'Open',
    tags: ['x'],
  });
  const written = 'T\n**a** [l](https://a.b)\nOpen: https://c.d\n#x';

  it('1 is the text as written, with the address and without entities', async () => {
    expect(await render(content, 1)).toEqual([{ kind: 'message', text: written, entities: [] }]);
  });

  it('2 is a file of it', async () => {
    expect(await render(content, 2)).toEqual([
      {
        kind: 'document',
        text: written,
        entities: [],
        document: { filename: 'alert.txt', content: written },
      },
    ]);
    const [long] = await render(alert(words(5_000)), 2);
    expect(long?.document?.content).toBe(words(5_000));
    if (long) expectSendable(long);
  });

  it('3 is as many messages as it takes', async () => {
    expect(await render(content, 3)).toEqual([{ kind: 'message', text: written, entities: [] }]);
    const parts = await render(alert(words(16_000), { title: words(250), tags: ['tag'] }), 3);
    expect(parts.length).toBeGreaterThan(3);
    parts.forEach(expectSendable);
    expect(parts.map(({ kind }) => kind)).not.toContain('document');
    expect(joinParts(parts)).toBe(`${words(250)}\n${words(16_000)}\n#tag`);
  });
});
