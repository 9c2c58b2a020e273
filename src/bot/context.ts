import { Context } from 'telegraf';
import { chooseTexts } from './texts/choose-texts.ts';
import type { Texts } from './texts/texts.ts';

/** The options of a reply. */
export type ReplyOptions = NonNullable<Parameters<Context['reply']>[1]>;

/** What features know of an update. */
export class BotContext extends Context {
  /** In the sender's language. */
  readonly texts: Texts = chooseTexts(this.from?.language_code);

  /** A new message's command that is meant for this bot; undefined for everything else. */
  get command(): { readonly name: string; readonly payload: string } | undefined {
    const text = this.messageText;
    const match = text === undefined ? null : /^\/(\w{1,32})(?:@(\w+))?(?:\s+(.*))?$/s.exec(text);
    if (match === null) return undefined;
    const [, name = '', addressee, payload = ''] = match;
    if (addressee !== undefined && addressee.toLowerCase() !== this.me.toLowerCase()) return undefined;
    return { name: name.toLowerCase(), payload: payload.trim() };
  }

  /** What somebody has just written: a message, or in a channel a post. */
  get written() {
    return this.message ?? this.channelPost;
  }

  get messageText(): string | undefined {
    const message = this.written;
    if (message === undefined || !('text' in message)) return undefined;
    // The copy of a channel's post in its discussion group: the post itself is answered.
    return message.is_automatic_forward ? undefined : message.text;
  }
}
