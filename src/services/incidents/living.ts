import type { AlertContent } from '../../domain/alert.ts';
import { textIdsOf } from '../../domain/digest.ts';
import type { Incident } from '../../domain/incident.ts';
import { contentIn } from '../delivery/attempt.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { ShownTexts } from '../ports/incidents.ts';
import type { LivingRenderer, RenderedPart, SendRequest } from '../ports/telegram.ts';
import { livingLine } from './living-line.ts';

/** What an incident's message shows. */
export interface Living {
  readonly content: AlertContent;
  readonly part: RenderedPart;
  readonly button: SendRequest['button'];
  /** The alerts of which it shows something. */
  readonly textIds: readonly string[];
}

export interface LivingMessages {
  /** What it shows now; undefined where its text is gone or unreadable. @throws RenderLimitError */
  read(incident: Incident, simplicity: 0 | 1): Promise<Living | undefined>;
  /** The alert whose text it shows, or a digest's titles; undefined likewise. */
  content(incident: Incident): Promise<AlertContent | undefined>;
}

export function createLivingMessages(deps: {
  texts: Pick<ShownTexts, 'get'>;
  cipher: Pick<PayloadCipher, 'open'>;
  renderLiving: LivingRenderer;
  timeZone: string;
}): LivingMessages {
  async function open(textId: string): Promise<AlertContent | undefined> {
    const sealed = await deps.texts.get(textId);
    try {
      return sealed === null ? undefined : deps.cipher.open(sealed, textId);
    } catch {
      // Sealed with another JWT_SECRET, or damaged.
      return undefined;
    }
  }

  async function read(incident: Incident): Promise<Pick<Living, 'content' | 'textIds'> | undefined> {
    const textIds = textIdsOf(incident);
    const all = await Promise.all(textIds.map(async (id) => ({ id, content: await open(id) })));
    const found = all.flatMap(({ id, content }) => (content === undefined ? [] : [{ id, content }]));
    const [first] = found;
    if (incident.titleIds === null) return first && { content: first.content, textIds };
    // It counts, also where the titles are lost.
    const lines = found.map(({ content }) => `• ${content.message}`).join('\n') || '…';
    const content = { ...first?.content, message: lines, format: 'plain' as const };
    return { content, textIds: found.map(({ id }) => id) };
  }

  return {
    async read(incident, simplicity) {
      const text = await read(incident);
      if (text === undefined) return undefined;
      const { content, textIds } = text;
      const form = { simplicity, withoutTopic: false };
      const line = livingLine(incident, deps.timeZone);
      const part = await deps.renderLiving(contentIn(form, content), simplicity, line);
      const { url, urlTitle = 'Open' } = content;
      const button = simplicity === 0 && url !== undefined ? { text: urlTitle, url } : null;
      return { content, part, button, textIds };
    },
    content: async (incident) => (await read(incident))?.content,
  };
}
