import { checkTopic, openChat, ownMessage, writableChat } from './chat-access.ts';
import type { Counted, SendLimits } from './limits.ts';
import { checkMarkup } from './markup-checks.ts';
import type { Method } from './method.ts';
import { isRecord, isUpload, readFlag, readInteger, readJson, readString } from './payload.ts';
import { badRequest, tooManyRequests } from './refusals.ts';
import { type ChatRecord, type DoubleState, type MessageContent, toApi } from './state.ts';
import { checkCaption, checkText } from './text-checks.ts';
import type { Document, Message, Payload, StoredMessage } from './types.ts';

const NOT_MODIFIED =
  'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';

/** A bot deletes its own messages for so long, in seconds: 48 h (telegram.md). */
const DELETABLE_S = 48 * 3600;

/** A message that is replied to comes without the one that it replies to itself. */
function quoted(message: StoredMessage): Message {
  const { reply_to_message: _earlier, ...rest } = toApi(message);
  return rest;
}

/** sendMessage, sendDocument, edits and deletion. @param limits undefined: send as fast as you like */
export function messageMethods(state: DoubleState, limits: SendLimits | undefined): Record<string, Method> {
  const pace = (kind: Counted, record: ChatRecord): void => {
    const seconds = limits?.admit(kind, record.chat.id, record.chat.type !== 'private') ?? 0;
    if (seconds > 0) throw tooManyRequests(seconds);
  };

  const replyTo = (record: ChatRecord, payload: Payload): StoredMessage | undefined => {
    const raw = readJson(payload, 'reply_parameters');
    const parameters = isRecord(raw) ? raw : undefined;
    const messageId = parameters
      ? readInteger(parameters, 'message_id')
      : readInteger(payload, 'reply_to_message_id');
    if (messageId === undefined) return undefined;
    const message = record.messages.get(messageId);
    const optional = readFlag(parameters ?? payload, 'allow_sending_without_reply');
    if (!message && !optional) throw badRequest('message to be replied not found');
    return message;
  };

  const envelope = (record: ChatRecord, payload: Payload): MessageContent => {
    const threadId = checkTopic(record, payload);
    const markup = checkMarkup(payload);
    const reply = replyTo(record, payload);
    return {
      from: state.bot,
      silent: readFlag(payload, 'disable_notification'),
      ...(threadId === undefined ? {} : { message_thread_id: threadId, is_topic_message: true as const }),
      ...(markup ? { reply_markup: markup } : {}),
      ...(reply ? { reply_to_message: quoted(reply) } : {}),
      ...(readFlag(payload, 'protect_content') ? { has_protected_content: true as const } : {}),
    };
  };

  const edited = (record: ChatRecord, message: StoredMessage, next: StoredMessage) => {
    const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
    if (
      message.text === next.text &&
      same(message.entities ?? [], next.entities ?? []) &&
      same(message.reply_markup, next.reply_markup)
    )
      throw badRequest(NOT_MODIFIED);
    pace('edit', record);
    const stored: StoredMessage = { ...next, edit_date: state.date() };
    state.replace(record, stored);
    return toApi(stored);
  };

  return {
    sendMessage(payload) {
      const record = writableChat(state, payload);
      const { text, entities } = checkText(payload);
      const content = envelope(record, payload);
      const preview = readJson(payload, 'link_preview_options');
      pace('send', record);
      return toApi(
        state.append(record, {
          ...content,
          text,
          ...(entities.length > 0 ? { entities } : {}),
          ...(preview === undefined ? {} : { link_preview_options: preview }),
        }),
      );
    },
    sendDocument(payload) {
      const record = writableChat(state, payload);
      const upload = payload.document;
      if (!isUpload(upload)) throw badRequest('there is no document in the request');
      if (upload.content.length === 0) throw badRequest('file must be non-empty');
      const { text, entities } = checkCaption(payload);
      const content = envelope(record, payload);
      pace('send', record);
      const fileId = state.saveFile(upload.content);
      const document: Document = {
        file_id: fileId,
        file_unique_id: fileId,
        file_name: upload.filename,
        mime_type: upload.contentType,
        file_size: upload.content.length,
      };
      return toApi(
        state.append(record, {
          ...content,
          document,
          ...(text ? { caption: text } : {}),
          ...(entities.length > 0 ? { caption_entities: entities } : {}),
        }),
      );
    },
    editMessageText(payload) {
      const record = openChat(state, payload);
      const message = ownMessage(state, record, payload);
      if (message.text === undefined) throw badRequest('there is no text in the message to edit');
      const { text, entities } = checkText(payload);
      const markup = checkMarkup(payload);
      const { entities: _old, reply_markup: _markup, ...rest } = message;
      return edited(record, message, {
        ...rest,
        text,
        ...(entities.length > 0 ? { entities } : {}),
        ...(markup ? { reply_markup: markup } : {}),
      });
    },
    editMessageReplyMarkup(payload) {
      const record = openChat(state, payload);
      const message = ownMessage(state, record, payload);
      const markup = checkMarkup(payload);
      const { reply_markup: _markup, ...rest } = message;
      return edited(record, message, { ...rest, ...(markup ? { reply_markup: markup } : {}) });
    },
    deleteMessage(payload) {
      const record = openChat(state, payload);
      const message = record.messages.get(readInteger(payload, 'message_id') ?? 0);
      if (!message) throw badRequest('message to delete not found');
      const own = message.from?.id === state.bot.id;
      // In a private chat a bot may delete the person's messages, too; in a group only as an administrator.
      if (!own && record.chat.type !== 'private' && record.botStatus !== 'administrator')
        throw badRequest("message can't be deleted");
      if (own && state.date() - message.date > DELETABLE_S)
        throw badRequest("message can't be deleted for everyone");
      return state.remove(record, message.message_id);
    },
    sendChatAction(payload) {
      const record = writableChat(state, payload);
      checkTopic(record, payload);
      const action = readString(payload, 'action') ?? '';
      if (!/^[a-z_]+$/.test(action)) throw badRequest('wrong parameter action in request');
      state.emit({ type: 'action', chatId: record.chat.id, action });
      return true;
    },
  };
}
