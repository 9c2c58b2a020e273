import { LRUCache } from 'lru-cache';
import type { AlertContent } from '../../domain/alert.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { MessageForm } from '../ports/queue.ts';
import type { RenderedPart, Renderer, RenderRest } from '../ports/telegram.ts';
import { contentIn, partsIn } from './attempt.ts';

/** Alerts whose text is kept: as many as a worker sends at the same time at most (WORKER_CONCURRENCY). */
const MAX_KEPT = 100;
/** Longest that a text is kept, in ms: an alert that was put off for longer is opened and rendered again. */
const KEEP_MS = 60_000;

/** An alert's text, and its parts in the form that they were made for. */
interface Text {
  readonly content: AlertContent;
  readonly simplicity: MessageForm['simplicity'];
  readonly parts: readonly RenderedPart[];
}

interface Texts {
  /**
   * Opens the text and renders it, once per form, also where the alert is put off between its parts. Undefined where no
   * retry could help: it is gone or unreadable.
   * @throws RenderLimitError
   */
  read(alertId: string, form: MessageForm, sealed: string | null): Promise<Text | undefined>;
  /** The alert has ended. */
  forget(alertId: string): void;
}

/** The texts of the alerts that are being sent: in memory alone. */
export function createTexts(deps: {
  cipher: Pick<PayloadCipher, 'open'>;
  render: Renderer;
  renderRest: RenderRest;
}): Texts {
  const known = new LRUCache<string, Text>({ max: MAX_KEPT, ttl: KEEP_MS, ttlAutopurge: true });

  function open(sealed: string | null, alertId: string): AlertContent | undefined {
    try {
      return sealed === null ? undefined : deps.cipher.open(sealed, alertId);
    } catch {
      // Sealed with another JWT_SECRET, or damaged.
      return undefined;
    }
  }

  return {
    async read(alertId, form, sealed) {
      const before = known.get(alertId);
      const { simplicity } = form;
      const inForm = (text: Text): Text => ({ ...text, parts: partsIn(form, text, deps.renderRest) });
      if (before?.simplicity === simplicity) return inForm(before);
      const content = before?.content ?? open(sealed, alertId);
      if (content === undefined) return undefined;
      const text = { content, simplicity, parts: await deps.render(contentIn(form, content), simplicity) };
      known.set(alertId, text);
      return inForm(text);
    },
    forget: (alertId) => void known.delete(alertId),
  };
}
