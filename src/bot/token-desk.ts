import { createIntegrationCurl } from '../domain/curl-examples.ts';
import { createAttempts } from '../services/integrations/attempts.ts';
import { isForbidden } from './api-errors.ts';
import type { BotContext, ReplyOptions } from './context.ts';
import { type TokenRequest, tokenLink } from './deep-link.ts';
import type { FeatureDeps } from './feature.ts';
import { isAdministrator } from './guards/administrators.ts';

/** Setup tokens per chat and minute: plenty for people, too few to fill the database. */
const TOKENS_PER_MINUTE = 20;

export interface TokenDesk {
  /** In a private chat: the token for this very chat. */
  answerHere(ctx: BotContext, name: string | undefined): Promise<void>;
  /** In a group, to an administrator: the token goes to the person's private chat, never into the group. */
  answerPrivately(ctx: BotContext, name: string | undefined): Promise<void>;
  /** After the deep link, in the person's private chat: checks again that the person may have it. */
  answerRequest(ctx: BotContext, request: TokenRequest): Promise<void>;
}

/** Issues setup tokens and decides where they are shown. */
export function createTokenDesk(deps: Pick<FeatureDeps, 'integrations' | 'clock' | 'publicUrl'>): TokenDesk {
  const issued = createAttempts<number>({ limit: TOKENS_PER_MINUTE, windowMs: 60_000, clock: deps.clock });

  /** Issues and hands over; false if the person cannot be reached. */
  async function issue(
    ctx: BotContext,
    target: { readonly chatId: number; readonly title: string | undefined; readonly toUser: number },
    name: string | undefined,
  ): Promise<boolean> {
    const { newName, locale } = ctx.texts;
    const setup = await deps.integrations.issueSetupToken(target.chatId, name, newName, locale);
    const text = ctx.texts.token({
      token: setup.token,
      curl: createIntegrationCurl(deps.publicUrl(), setup.token),
      minutes: Math.max(1, Math.round((setup.expiresAt - deps.clock.now()) / 60_000)),
      name: setup.integration.name,
      chat: target.title,
    });
    try {
      await ctx.telegram.sendMessage(target.toUser, text, { link_preview_options: { is_disabled: true } });
      return true;
    } catch (error) {
      // Not in the person's own chat, though: there a 403 means that the bot was blocked just now.
      if (isForbidden(error) && target.toUser !== ctx.chat?.id) return false;
      throw error;
    }
  }

  /** True if the chat has to wait; then it has been told so. */
  async function isFlooding(ctx: BotContext, chatId: number): Promise<boolean> {
    const waitMs = issued.waitMs(chatId);
    if (waitMs <= 0) issued.add(chatId);
    else await ctx.reply(ctx.texts.tooManyTokens(Math.ceil(waitMs / 1000)));
    return waitMs > 0;
  }

  return {
    async answerHere(ctx, name) {
      if (ctx.chat === undefined || (await isFlooding(ctx, ctx.chat.id))) return;
      await issue(ctx, { chatId: ctx.chat.id, title: undefined, toUser: ctx.chat.id }, name);
    },

    async answerPrivately(ctx, name) {
      const { chat, from } = ctx;
      if (chat === undefined || (await isFlooding(ctx, chat.id))) return;
      const title = 'title' in chat ? chat.title : undefined;
      // Somebody who writes as the group is unknown until they open the link.
      const person = ctx.message?.sender_chat === undefined ? from : undefined;
      if (person !== undefined && (await issue(ctx, { chatId: chat.id, title, toUser: person.id }, name))) {
        await ctx.reply(ctx.texts.tokenSentPrivately);
        return;
      }
      await ctx.reply(ctx.texts.tokenNeedsPrivateChat, linkButton(ctx, { chatId: chat.id, name }));
    },

    async answerRequest(ctx, request) {
      if (ctx.from === undefined) return;
      if (!(await isAdministrator(ctx.telegram, request.chatId, ctx.from.id))) {
        await ctx.reply(ctx.texts.notAdminThere);
        return;
      }
      if (await isFlooding(ctx, request.chatId)) return;
      const chat = await ctx.telegram.getChat(request.chatId);
      const title = 'title' in chat ? chat.title : undefined;
      await issue(ctx, { chatId: request.chatId, title, toUser: ctx.from.id }, request.name);
    },
  };
}

/** A button that opens the private chat with the bot and asks for the token there. */
export function linkButton(ctx: BotContext, request: TokenRequest): ReplyOptions {
  const button = { text: ctx.texts.openPrivateChat, url: tokenLink(ctx.me, request) };
  return { reply_markup: { inline_keyboard: [[button]] } };
}
