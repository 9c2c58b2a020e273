/** The parts of the Bot API's objects that the double speaks. Times (`date`) are epoch seconds, as Telegram's are. */

export interface User {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly last_name?: string;
  readonly username?: string;
  readonly language_code?: string;
}

export interface Chat {
  readonly id: number;
  readonly type: 'private' | 'group' | 'supergroup' | 'channel';
  readonly title?: string;
  readonly first_name?: string;
  readonly username?: string;
  readonly is_forum?: boolean;
}

/** `offset` and `length` are UTF-16 units. */
export interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
  readonly custom_emoji_id?: string;
  /** Of a `date_time`: epoch seconds, and how a reader's client writes it. */
  readonly unix_time?: number;
  readonly date_time_format?: string;
  readonly user?: User;
}

export interface InlineButton {
  readonly text: string;
  readonly url?: string;
  readonly callback_data?: string;
  readonly copy_text?: { readonly text: string };
  readonly [other: string]: unknown;
}

export interface InlineKeyboard {
  readonly inline_keyboard: readonly (readonly InlineButton[])[];
}

export interface Document {
  readonly file_id: string;
  readonly file_unique_id: string;
  readonly file_name: string;
  readonly mime_type: string;
  /** Bytes. */
  readonly file_size: number;
}

export interface Message {
  readonly message_id: number;
  readonly from?: User;
  /** Of what is posted in a channel: the channel itself. */
  readonly sender_chat?: Chat;
  readonly chat: Chat;
  readonly date: number;
  readonly edit_date?: number;
  readonly message_thread_id?: number;
  readonly is_topic_message?: true;
  readonly text?: string;
  readonly entities?: readonly Entity[];
  readonly caption?: string;
  readonly caption_entities?: readonly Entity[];
  readonly document?: Document;
  readonly reply_markup?: InlineKeyboard;
  readonly reply_to_message?: Message;
  readonly has_protected_content?: true;
  readonly link_preview_options?: unknown;
  readonly migrate_to_chat_id?: number;
  readonly migrate_from_chat_id?: number;
}

/**
 * A message as the double keeps it: `from` is there in channels, too. `silent` is known to the chat only: Telegram does not
 * tell it to the bot.
 */
export interface StoredMessage extends Message {
  readonly silent: boolean;
}

export type MemberStatus = 'creator' | 'administrator' | 'member' | 'restricted' | 'left' | 'kicked';

/**
 * Where the bot stands in a chat. `blocked` and `deactivated` are private chats, `deleted` a group that was deleted;
 * `deactivated` and `deleted` come without an update, as in Telegram.
 */
export type BotStatus = MemberStatus | 'blocked' | 'deactivated' | 'deleted';

/** The bot or a person in a chat. The rights are told of the bot alone, where they decide whether it may write. */
export interface Member {
  readonly user: User;
  readonly status: MemberStatus;
  /** Of the creator and administrators: their names are not shown in the chat. */
  readonly is_anonymous?: boolean;
  readonly can_post_messages?: boolean;
  readonly is_member?: boolean;
  readonly can_send_messages?: boolean;
}

export interface Update {
  readonly update_id: number;
  readonly [kind: string]: unknown;
}

export interface BotCommand {
  readonly command: string;
  readonly description: string;
}

export interface CallbackAnswer {
  readonly callbackId: string;
  readonly chatId: number;
  readonly messageId: number;
  readonly text: string | null;
  readonly showAlert: boolean;
}

/** What observers (tests, the chat page) are told. */
export type DoubleEvent =
  | { readonly type: 'message'; readonly chatId: number; readonly message: StoredMessage }
  | { readonly type: 'edited'; readonly chatId: number; readonly message: StoredMessage }
  | { readonly type: 'deleted'; readonly chatId: number; readonly messageId: number }
  | ({ readonly type: 'callback-answer' } & CallbackAnswer)
  | { readonly type: 'chat'; readonly chatId: number }
  | { readonly type: 'commands' }
  | { readonly type: 'action'; readonly chatId: number; readonly action: string };

/** A request's fields after decoding; values from forms are strings, those from JSON anything. */
export type Payload = Readonly<Record<string, unknown>>;

/** A file that came in a multipart body. */
export interface UploadedFile {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
}
