import { isSingle, NOBODY } from '../../domain/acknowledgement.ts';
import { type AlertContent, linksOf } from '../../domain/alert.ts';
import { textIdsOf } from '../../domain/digest.ts';
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
  readonly links: SendRequest['links'];
  readonly keys: readonly PressButton[];
  /** The alerts of which it shows something. */
  readonly textIds: readonly string[];
}

export interface LivingMessages {
  /** What it shows now; undefined where its text is gone or unreadable. @throws RenderLimitError */
  read(incident: Incident, simplicity: 0 | 1): Promise<Living | undefined>;
  /** Its buttons alone: what else it shows stays as it is. Undefined where it has none. */
  buttons(incident: Incident): Promise<Living | undefined>;
  /** The alert whose text it shows, or a digest's titles; undefined likewise. */
  content(incident: Incident): Promise<AlertContent | undefined>;
}

export function createLivingMessages(deps: {
  texts: Pick<ShownTexts, 'get'>;
  cipher: Pick<PayloadCipher, 'open' | 'openName'>;
  renderLiving: LivingRenderer;
  timeZone: string;
}): LivingMessages {
  const { timeZone } = deps;

  async function open(textId: string): Promise<AlertContent | undefined> {
    const sealed = await deps.texts.get(textId);
    try {
      return sealed === null ? undefined : deps.cipher.open(sealed, textId);
    } catch {
      // Sealed with another JWT_SECRET, or damaged.
      return undefined;
    }
  }

  async function read(
    incident: Incident,
  ): Promise<{ content: AlertContent; textIds: readonly string[] } | undefined> {
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

  function whoOf({ id, acknowledgedBy }: Incident): string {
    return (acknowledgedBy === null ? undefined : deps.cipher.openName(acknowledgedBy, id)) ?? NOBODY;
  }

  /** The button says what its text cannot. */
  function sayingKeys(incident: Incident): readonly PressButton[] {
    const { acknowledgedAt } = incident;
    const says =
      acknowledgedAt === null ? undefined : `👀 ${whoOf(incident)}, ${momentText(acknowledgedAt, timeZone)}`;
    return buttonsOf(incident, says);
  }

  return {
    async read(incident, simplicity) {
      const found = await read(incident);
      if (found === undefined) return undefined;
      const { content, textIds } = found;
      const form = { simplicity, withoutTopic: false };
      const line = livingLine(incident, whoOf(incident), timeZone);
      const { part, isWhole } = await deps.renderLiving(contentIn(form, content), simplicity, line);
      const links = simplicity === 0 ? linksOf(content) : [];
      // Of an alert without a key nothing may be cut off.
      if (!isWhole && isSingle(incident)) return { text: null, links, keys: sayingKeys(incident), textIds };
      return { text: { content, part }, links, keys: buttonsOf(incident), textIds };
    },

    async buttons(incident) {
      if (!incident.hasButtons) return undefined;
      const found = await read(incident);
      const links = found === undefined ? [] : linksOf(found.content);
      return { text: null, links, keys: sayingKeys(incident), textIds: [] };
    },

    content: async (incident) => (await read(incident))?.content,
  };
}
