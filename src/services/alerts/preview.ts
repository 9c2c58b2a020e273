import { AppError } from '../../domain/errors.ts';
import type { Resolve } from '../../domain/incident.ts';
import { type Integration, shownName, whyCannotSend } from '../../domain/integration.ts';
import { RenderLimitError } from '../../domain/render-limit.ts';
import { inTime } from '../in-time.ts';
import { RESOLVED } from '../incidents/accept-keyed.ts';
import { createAttempts } from '../integrations/attempts.ts';
import type { ChatRepository } from '../ports/chats.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IncidentRepository } from '../ports/incidents.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { LivingRenderer, RenderedPart, Renderer, Simplicity } from '../ports/telegram.ts';
import type { AlertRequest, Sender } from './alert-request.ts';
import { contentOf } from './queue-entry.ts';
import { chatMismatch, deadToken } from './refusals.ts';

/** What alerts would become, if they were sent now. */
export interface PreviewedAlerts {
  /** The messages, in their order; none where an alert would change a message that is there already, or do nothing. */
  readonly parts: readonly RenderedPart[];
  /** Units of the quota. */
  readonly cost: number;
  /** Units left today, before them. */
  readonly remaining: number;
  /** They would make no sound. */
  readonly silent: boolean;
  readonly key: string | null;
  readonly resolve: Resolve;
  readonly warnings: readonly string[];
}

/**
 * Looks at alerts as the service would take them in; nothing is written, and nothing sent. 30 a minute of an integration.
 * @throws AppError unauthorized, chat_mismatch, integration_not_active, rate_limited, database_unavailable
 */
export type PreviewAlerts = (sender: Sender, requests: readonly AlertRequest[]) => Promise<PreviewedAlerts>;

/** A minute, of one integration: markup takes time, which alerts need. In memory: each process counts for itself. */
const PREVIEWS_PER_MINUTE = 30;
const NO_LINE = { text: '', entities: [] };
const AGAIN = 'Try again in a few seconds.';
const TOO_SLOW = 'The markup takes too long to read: it is shown as it was written.';

export function createPreview(deps: {
  integrations: Pick<IntegrationRepository, 'findById' | 'findByChat'>;
  chats: Pick<ChatRepository, 'find'>;
  incidents: Pick<IncidentRepository, 'isLive'>;
  cipher: Pick<PayloadCipher, 'hashRequest'>;
  render: Renderer;
  renderLiving: LivingRenderer;
  clock: Clock;
}): PreviewAlerts {
  const { integrations, clock } = deps;
  const made = createAttempts<number>({ limit: PREVIEWS_PER_MINUTE, windowMs: 60_000, clock });

  async function prove(sender: Sender): Promise<Integration> {
    const integration = await integrations.findById(sender.id);
    const isProved = sender.tokenHash === null || sender.tokenHash === integration?.tokenHash;
    if (integration === undefined || !isProved) throw deadToken(false, undefined);
    const chat = await deps.chats.find(integration.chatId);
    const isBlocked = chat !== undefined && chat.blockedAt !== null;
    const why = whyCannotSend({ ...integration, ...(isBlocked ? { isBlocked } : {}) });
    if (why !== undefined) throw new AppError('integration_not_active', why);
    return integration;
  }

  function count(integration: Integration): void {
    const waitMs = made.waitMs(integration.id);
    if (waitMs > 0)
      throw new AppError('rate_limited', `More than ${PREVIEWS_PER_MINUTE} previews in a minute.`, {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      });
    made.add(integration.id);
  }

  async function nameOf({ id, chatId, name, showName }: Integration): Promise<string | undefined> {
    const others = showName ? await integrations.findByChat(chatId) : [];
    const active = others.filter((one) => one.id !== id && one.status === 'active');
    if (active.length === 0) return undefined;
    return shownName(id, { name, beside: active.some((one) => one.name === name) ? 2 : 1 });
  }

  /** Does it go into a message that is there already? */
  async function folds({ id }: Integration, { key }: AlertRequest): Promise<boolean> {
    if (key === undefined) return false;
    return deps.incidents.isLive(id, deps.cipher.hashRequest(`incident:${key}`), clock.now());
  }

  async function look(integration: Integration, request: AlertRequest, from: string | undefined) {
    const { key, resolve = false, chatId = integration.chatId } = request;
    if (chatId !== integration.chatId) throw chatMismatch();
    const isFolded = await inTime(() => folds(integration, request), AGAIN);
    const isNothing = resolve !== false && (isFolded || resolve === 'if-open');
    if (isNothing) return { parts: [], cost: 0, warnings: [] };
    const message = resolve === false ? request.message : `${request.message}\n${RESOLVED}`;
    const content = contentOf({ ...request, message }, from);
    // An incident's message is one that can be edited.
    const isLiving = key !== undefined && resolve === false;
    const render = async (simplicity: Extract<Simplicity, 0 | 1>) =>
      isLiving
        ? [(await deps.renderLiving(content, simplicity, NO_LINE)).part]
        : deps.render(content, simplicity);
    const parts = await render(0).catch(unlessTooSlow);
    const cost = isFolded ? 0 : 1;
    return parts === undefined
      ? { parts: await render(1), cost, warnings: [TOO_SLOW] }
      : { parts, cost, warnings: [] };
  }

  return async (sender, requests) => {
    const integration = await inTime(() => prove(sender), AGAIN);
    count(integration);
    const from = await inTime(() => nameOf(integration), AGAIN);
    const looks = [];
    for (const request of requests) looks.push(await look(integration, request, from));
    const [first] = requests;
    return {
      parts: looks.flatMap(({ parts }) => parts),
      cost: looks.reduce((sum, { cost }) => sum + cost, 0),
      remaining: integration.rateLimit,
      silent: requests.every(({ silent, priority }) => silent || priority === 'low'),
      key: first?.key ?? null,
      resolve: first?.resolve ?? false,
      warnings: looks.flatMap(({ warnings }) => warnings),
    };
  };
}

function unlessTooSlow(error: unknown): undefined {
  if (!(error instanceof RenderLimitError)) throw error;
}
