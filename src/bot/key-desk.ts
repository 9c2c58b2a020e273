import type { Integration } from '../domain/integration.ts';
import { createAttempts } from '../services/integrations/attempts.ts';
import type { BotContext } from './context.ts';
import type { KeyRequest } from './deep-link.ts';
import { displayName } from './describe-integration.ts';
import type { FeatureDeps } from './feature.ts';
import { isAdministrator } from './guards/administrators.ts';

/** Keys per chat and minute: an integration may have 20 in all. */
const KEYS_PER_MINUTE = 20;

export interface KeyDesk {
  /** In a private chat: makes the key and shows it. The person was proved to be the chat's. */
  hand(ctx: BotContext, integration: Integration, adapter: string, chat?: string): Promise<void>;
  /** After the deep link, in the person's private chat: checks that the person may have it. */
  answerRequest(ctx: BotContext, request: KeyRequest): Promise<void>;
}

/** Makes keys and shows them: in private chats alone, as code, without a preview of the address. */
export function createKeyDesk(
  deps: Pick<FeatureDeps, 'integrations' | 'keys' | 'adapters' | 'clock' | 'publicUrl'>,
): KeyDesk {
  const made = createAttempts<number>({ limit: KEYS_PER_MINUTE, windowMs: 60_000, clock: deps.clock });

  const hand: KeyDesk['hand'] = async (ctx, integration, name, chat) => {
    const adapter = deps.adapters.find((one) => one.name === name);
    if (ctx.chat?.type !== 'private' || adapter === undefined) return;
    const waitMs = made.waitMs(integration.chatId);
    if (waitMs > 0) {
      await ctx.reply(ctx.texts.tooManyTokens(Math.ceil(waitMs / 1000)));
      return;
    }
    made.add(integration.chatId);
    const { key } = await deps.keys.make(integration, { adapter: name });
    const url = `${deps.publicUrl()}${adapter.path(key)}`;
    const text = ctx.texts.key({
      ...{ key, url, adapter: name, chat },
      integration: displayName(integration, ctx.texts),
    });
    await ctx.reply(text, { link_preview_options: { is_disabled: true } });
  };

  return {
    hand,

    async answerRequest(ctx, { chatId, integrationId, adapter }) {
      if (ctx.from === undefined) return;
      if (ctx.chat?.id !== chatId && !(await isAdministrator(ctx.telegram, chatId, ctx.from.id))) {
        await ctx.reply(ctx.texts.notAdminThere);
        return;
      }
      const integration = (await deps.integrations.listActive(chatId)).find(({ id }) => id === integrationId);
      if (integration === undefined) {
        await ctx.reply(ctx.texts.revokeGone);
        return;
      }
      const chat = ctx.chat?.id === chatId ? undefined : await ctx.telegram.getChat(chatId);
      const title = chat !== undefined && 'title' in chat ? chat.title : undefined;
      await hand(ctx, integration, adapter, title);
    },
  };
}
