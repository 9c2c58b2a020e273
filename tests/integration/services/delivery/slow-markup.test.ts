import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertContent } from '../../../../src/domain/alert.ts';
import { RenderLimitError } from '../../../../src/domain/render-limit.ts';
import type { Renderer } from '../../../../src/services/ports/telegram.ts';
import { createRenderer } from '../../../../src/telegram/render/renderer.ts';
import { createDeliveryRig, type DeliveryRig } from './rig.ts';

const PLAIN = { simplicity: 1, withoutTopic: false } as const;
/** Two parts; those of the full form begin with a title. */
const CONTENT: Partial<AlertContent> = { message: 'word '.repeat(1_500), format: 'html' };
const going = new AbortController().signal;

/** What the renderer was asked for, by simplicity; the full form is refused while `isSlow`. */
let asked: number[];
let isSlow: boolean;
let isPutOff: boolean;
let rig: DeliveryRig;
const renderer = createRenderer();
const render: Renderer = async (content, simplicity) => {
  asked.push(simplicity);
  if (isSlow && simplicity === 0) throw new RenderLimitError('slow');
  return renderer.render(simplicity === 0 ? { ...content, title: 'in full' } : content, simplicity);
};

beforeEach(async () => {
  asked = [];
  isSlow = false;
  isPutOff = false;
  rig = await createDeliveryRig({
    render,
    pace: {
      async take({ alertId }) {
        if (isPutOff) return { kind: 'defer', ms: 1_000 };
        return { kind: 'go', waitMs: 0, isFlooded: false, sealed: rig.texts.get(alertId) ?? null };
      },
      // Between two parts the chat has to wait.
      async sent() {
        isPutOff = true;
      },
    },
  });
});
afterEach(() => rig.close());

async function accept() {
  const chat = await rig.addChat();
  const job = await rig.accept(chat, CONTENT);
  return { job, texts: () => rig.double.messages(chat.chatId).map(({ text = '' }) => text) };
}

describe('an alert', () => {
  it('is not rendered before it may go, and then once, whatever it waits for between its parts', async () => {
    const { job, texts } = await accept();
    isPutOff = true;
    expect(await rig.delivery.deliver(job, going)).toEqual({ kind: 'defer', ms: 1_000, called: false });
    expect(asked).toEqual([]);
    for (let part = 1; part <= 2; part++) {
      isPutOff = false;
      await rig.delivery.deliver(job, going);
      expect(texts()).toHaveLength(part);
    }
    expect((await rig.entry(job)).status).toBe('delivered');
    expect(asked).toEqual([0]);
  });
});

describe('an alert whose markup takes too long', () => {
  it('is put off with its plain form before anything is sent, and arrives in it, though it was fast later', async () => {
    const { job, texts } = await accept();
    isSlow = true;
    const put = await rig.delivery.deliver(job, going);
    expect(put).toEqual({ kind: 'defer', ms: 0, called: false, form: PLAIN });
    expect(rig.sends()).toHaveLength(0);
    expect((await rig.entry(job)).status).toBe('queued');
    isSlow = false;
    for (let part = 1; part <= 2; part++) {
      isPutOff = false;
      await rig.delivery.deliver({ ...job, form: PLAIN }, going);
    }
    expect(asked).toEqual([0, 1]);
    expect(await rig.entry(job)).toMatchObject({ status: 'delivered', parts: 2 });
    expect(texts().some((text) => text.includes('in full'))).toBe(false);
  });

  it('is tried again after some seconds where parts have arrived, in the same form', async () => {
    const { job, texts } = await accept();
    await rig.delivery.deliver(job, going);
    expect(texts()).toEqual([expect.stringContaining('in full')]);
    // Another worker goes on, on a machine that is too busy.
    isSlow = true;
    isPutOff = false;
    const other = rig.another();
    const arrived = { parts: 2, messageIds: [expect.any(Number)] };
    for (let tries = 0; tries < 2; tries++)
      expect(await other.deliver(job, going)).toEqual({ kind: 'defer', ms: 5_000, called: false, arrived });
    expect(texts()).toHaveLength(1);
    isSlow = false;
    await other.deliver(job, going);
    expect(await rig.entry(job)).toMatchObject({ status: 'delivered', parts: 2 });
    const [first = '', second = ''] = texts();
    const [one, two] = await renderer.render({ ...CONTENT, title: 'in full' } as AlertContent, 0);
    expect([first, second]).toEqual([one?.text.trim(), two?.text.trim()]);
  });

  it('does not hold up a stop', async () => {
    const { job } = await accept();
    const stopping = new AbortController();
    const slow = rig.another(() => {
      stopping.abort();
      return new Promise(() => {});
    });
    expect(await slow.deliver(job, stopping.signal)).toEqual({ kind: 'defer', ms: 0, called: false });
    expect((await rig.entry(job)).status).toBe('queued');
  });
});
