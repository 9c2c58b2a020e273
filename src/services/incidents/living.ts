import { isSingle, NOBODY } from '../../domain/acknowledgement.ts';
import type { AlertContent } from '../../domain/alert.ts';
import type { Incident } from '../../domain/incident.ts';
import { contentIn } from '../delivery/attempt.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { ShownTexts } from '../ports/incidents.ts';
import type { LivingRenderer, PressButton, RenderedPart, SendRequest } from '../ports/telegram.ts';
import { buttonsOf } from './buttons.ts';
import { livingLine, momentText } from './living-line.ts';

/** What an incident's message shows. */
export interface Living {
  /** Null: what it shows stays, because it is more than one message holds, or gone; the buttons say what is new. */
  readonly text: { readonly content: AlertContent; readonly part: RenderedPart } | null;
  readonly button: SendRequest['button'];
  readonly keys: readonly PressButton[];
}

/** 0 and 1 as of the Renderer; or the buttons alone. */
export type LivingForm = 0 | 1 | 'buttons';

export interface LivingMessages {
  /** What it shows now; undefined where nothing can be shown in this form. @throws RenderLimitError */
  read(incident: Incident, form: LivingForm): Promise<Living | undefined>;
  /** The alert whose text it shows; undefined where that is gone or unreadable. */
  content(incident: Incident): Promise<AlertContent | undefined>;
}

export function createLivingMessages(deps: {
  texts: Pick<ShownTexts, 'get'>;
  cipher: Pick<PayloadCipher, 'open' | 'openName'>;
  renderLiving: LivingRenderer;
  timeZone: string;
}): LivingMessages {
  const { timeZone } = deps;

  async function open({ textId }: Incident): Promise<AlertContent | undefined> {
    const sealed = await deps.texts.get(textId);
    try {
      return sealed === null ? undefined : deps.cipher.open(sealed, textId);
    } catch {
      // Sealed with another JWT_SECRET, or damaged.
      return undefined;
    }
  }

  function whoOf({ id, acknowledgedBy }: Incident): string {
    return (acknowledgedBy === null ? undefined : deps.cipher.openName(acknowledgedBy, id)) ?? NOBODY;
  }

  /** Its text stays as it is. */
  function buttonsAlone(incident: Incident, button: Living['button']): Living {
    const { acknowledgedAt } = incident;
    const says =
      acknowledgedAt === null ? undefined : `👀 ${whoOf(incident)}, ${momentText(acknowledgedAt, timeZone)}`;
    return { text: null, button, keys: buttonsOf(incident, says) };
  }

  return {
    async read(incident, form) {
      const content = await open(incident);
      if (form === 'buttons') {
        return incident.hasButtons ? buttonsAlone(incident, content ? linkOf(content) : null) : undefined;
      }
      if (content === undefined) return undefined;
      const line = livingLine(incident, whoOf(incident), timeZone);
      const plain = { simplicity: form, withoutTopic: false };
      const { part, isWhole } = await deps.renderLiving(contentIn(plain, content), form, line);
      const button = form === 0 ? linkOf(content) : null;
      // Of an alert without a key nothing may be cut off.
      if (!isWhole && isSingle(incident)) return buttonsAlone(incident, button);
      return { text: { content, part }, button, keys: buttonsOf(incident) };
    },
    content: open,
  };
}

function linkOf({ url, urlTitle = 'Open' }: AlertContent): Living['button'] {
  return url === undefined ? null : { text: urlTitle, url };
}
