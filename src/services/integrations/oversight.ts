import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository, ListedIntegration } from '../ports/integrations.ts';

/** An integration as operators see it: its chat is a hash. */
export type OverseenIntegration = Omit<ListedIntegration, 'chatId' | 'tokenHash'> & { readonly chat: string };

/** What operators may do with every integration. Revoking is IntegrationService's. */
export interface IntegrationOversight {
  /** The oldest first; revoked ones only where they are asked for, or their chat is. */
  list(of: { readonly revoked: boolean; readonly chat?: string }): Promise<readonly OverseenIntegration[]>;
  /** @throws AppError not_found */
  show(id: number): Promise<OverseenIntegration>;
  /** Alerts per day from now on; null: those of all (MAX_ALERTS). @throws AppError not_found */
  limit(id: number, own: number | null): Promise<OverseenIntegration>;
}

export function createIntegrationOversight(deps: {
  integrations: Pick<IntegrationRepository, 'list' | 'setLimit'>;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  events: EventBus;
  clock: Clock;
  /** MAX_ALERTS */
  dailyLimit: number;
}): IntegrationOversight {
  const { integrations, cipher, events, clock } = deps;

  async function all(): Promise<OverseenIntegration[]> {
    const listed = await integrations.list();
    return listed.map(({ chatId, tokenHash: _, ...rest }) => ({ ...rest, chat: cipher.hashChat(chatId) }));
  }

  async function show(id: number): Promise<OverseenIntegration> {
    const found = (await all()).find((one) => one.id === id);
    if (found === undefined)
      throw new AppError(
        'not_found',
        'There is no integration with this id: `integrations list` shows them.',
      );
    return found;
  }

  return {
    show,
    list: async ({ revoked, chat }) =>
      (await all()).filter(
        (one) => (revoked || one.status !== 'revoked') && (chat === undefined || one.chat === chat),
      ),
    async limit(id, own) {
      const { chat } = await show(id);
      await integrations.setLimit(id, { own, ofAll: deps.dailyLimit }, clock.now());
      events.emit('integration.limited', { integrationId: id, chat, limit: own });
      return show(id);
    },
  };
}
