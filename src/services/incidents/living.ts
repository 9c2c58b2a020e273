import type { AlertContent } from '../../domain/alert.ts';
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
}

export interface LivingMessages {
  /** What it shows now; undefined where its text is gone or unreadable. @throws RenderLimitError */
  read(incident: Incident, simplicity: 0 | 1): Promise<Living | undefined>;
  /** The alert whose text it shows; undefined likewise. */
  content(incident: Incident): Promise<AlertContent | undefined>;
}

export function createLivingMessages(deps: {
  texts: Pick<ShownTexts, 'get'>;
  cipher: Pick<PayloadCipher, 'open'>;
  renderLiving: LivingRenderer;
  timeZone: string;
}): LivingMessages {
  async function open({ textId }: Incident): Promise<AlertContent | undefined> {
    const sealed = await deps.texts.get(textId);
    try {
      return sealed === null ? undefined : deps.cipher.open(sealed, textId);
    } catch {
      // Sealed with another JWT_SECRET, or damaged.
      return undefined;
    }
  }

  return {
    async read(incident, simplicity) {
      const content = await open(incident);
      if (content === undefined) return undefined;
      const form = { simplicity, withoutTopic: false };
      const line = livingLine(incident, deps.timeZone);
      const part = await deps.renderLiving(contentIn(form, content), simplicity, line);
      const { url, urlTitle = 'Open' } = content;
      const button = simplicity === 0 && url !== undefined ? { text: urlTitle, url } : null;
      return { content, part, button };
    },
    content: open,
  };
}
