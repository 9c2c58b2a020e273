import { createAlertSchema } from '../api/alerts/alert-schema.ts';
import { presentPreview } from '../api/presenters.ts';
import { createPreview } from '../services/alerts/preview.ts';
import type { Clock } from '../services/ports/clock.ts';
import { createRenderer } from '../telegram/render/renderer.ts';
import type { Core } from './core.ts';

/** How late a `deliverAt` may be, in ms. */
const LATENESS_MS = 300_000;

/** What the chat page's preview shows: a text, or the JSON of an alert, as the chat's first integration would send it. */
export function createSandboxPreview({
  core,
  clock,
}: {
  readonly core: Pick<Core, 'integrations' | 'repository' | 'chatRepository' | 'incidents' | 'cipher'>;
  readonly clock: Clock;
}): (chatId: number, text: string) => Promise<Record<string, unknown>> {
  const renderer = createRenderer();
  const ports = { integrations: core.repository, chats: core.chatRepository };
  const preview = createPreview({ ...core, ...renderer, ...ports, clock });
  const schema = createAlertSchema(clock, LATENESS_MS);

  return async (chatId, text) => {
    const [integration] = await core.integrations.listActive(chatId);
    if (integration === undefined)
      throw new Error('This chat has no integration yet: send /token, and use the command that it gives.');
    const read = schema.safeParse(fieldsOf(text));
    if (!read.success) throw new Error(read.error.issues[0]?.message ?? 'This is no alert.');
    const { input, warnings } = read.data;
    return presentPreview(await preview({ id: integration.id, tokenHash: null }, [input]), warnings, true);
  };
}

function fieldsOf(text: string): unknown {
  try {
    if (text.trimStart().startsWith('{')) return JSON.parse(text);
  } catch {
    // A text with a brace.
  }
  return { message: text };
}
