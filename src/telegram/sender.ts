import type { Telegram } from 'telegraf';
import { startLimit } from '../async/limit.ts';
import type { SendOutcome } from '../domain/outcome.ts';
import type { EditRequest, RenderedPart, SendRequest, TelegramSender } from '../services/ports/telegram.ts';
import type { ReportCall } from './call-report.ts';
import { isLinkable } from './links.ts';
import { createMoments, withoutMoments } from './moments.ts';
import { classifyError, classifyResult } from './outcomes.ts';

/** The id of a forum's General topic. Telegram rejects it: a message without a topic goes there. */
const GENERAL_TOPIC = 1;

/** The part of Telegraf's client that is used, with a payload that Telegraf's types (Bot API 7.1) do not know. */
type CallApi = (method: string, payload: object, options: { signal: AbortSignal }) => Promise<unknown>;

/**
 * Sends one part with one HTTP request. Neither Telegraf, node-fetch nor Node's agents repeat a POST; give it the
 * client of `createTelegramClient`, whose connections are never reused.
 * @param deps.timeoutMs one call's limit in milliseconds, reading the answer included
 */
export function createTelegramSender(deps: {
  readonly telegram: Pick<Telegram, 'callApi'>;
  readonly timeoutMs: number;
  readonly onCall?: ReportCall;
}): TelegramSender {
  // Telegraf types methods and payloads by its own list; unknown ones pass through unchanged.
  const callApi = deps.telegram.callApi.bind(deps.telegram) as unknown as CallApi;
  async function call(method: string, payload: object): Promise<unknown> {
    const began = performance.now();
    const tell = (error?: unknown) => deps.onCall?.({ method, tookMs: performance.now() - began, error });
    const limit = new AbortController();
    const cancel = startLimit(deps.timeoutMs, () => limit.abort());
    try {
      const result = await callApi(method, payload, { signal: limit.signal });
      tell();
      return result;
    } catch (error) {
      tell(error);
      throw error;
    } finally {
      cancel();
    }
  }

  async function outcomeOf(method: string, payload: object): Promise<SendOutcome> {
    try {
      return classifyResult(await call(method, payload));
    } catch (error) {
      return classifyError(error);
    }
  }

  /** Calls with the text; one whose moments the server does not know is refused, and made without them from then on. */
  async function callWithText(method: string, payload: (part: RenderedPart) => object, part: RenderedPart) {
    const shown = moments.knows ? part : withoutMoments(part);
    const outcome = await outcomeOf(method, payload(shown));
    return moments.judge(part, outcome);
  }
  const moments = createMoments();

  return {
    send(request) {
      const { document } = request.part;
      if (document !== undefined) return outcomeOf('sendDocument', toDocument(request, document));
      return callWithText('sendMessage', (part) => toMessage({ ...request, part }), request.part);
    },

    edit(request) {
      const { part } = request;
      if (part === null) return outcomeOf('editMessageReplyMarkup', toTarget(request));
      return callWithText('editMessageText', (shown) => toEdit(request, shown), part);
    },

    async probe() {
      try {
        await call('getMe', {});
        return 'ok';
      } catch (error) {
        const outcome = classifyError(error);
        if (outcome.kind === 'halt') return 'unauthorized';
        // A flood wait is an answer: Telegram is there, and takes the token.
        return outcome.kind === 'flood_wait' ? 'ok' : 'unreachable';
      }
    },
  };
}

function toMessage(request: SendRequest): object {
  const { text, entities } = request.part;
  return {
    ...toCommon(request),
    text,
    ...(entities.length === 0 ? {} : { entities }),
    link_preview_options: { is_disabled: true },
  };
}

function toEdit(request: EditRequest, part: RenderedPart): object {
  return {
    ...toTarget(request),
    text: part.text,
    ...(part.entities.length === 0 ? {} : { entities: part.entities }),
    link_preview_options: { is_disabled: true },
  };
}

/** An edit without buttons takes them off. */
function toTarget({ chatId, messageId, links, keys }: EditRequest): object {
  return { chat_id: chatId, message_id: messageId, ...toMarkup(links, keys) };
}

function toDocument(request: SendRequest, document: NonNullable<RenderedPart['document']>): object {
  const { text, entities } = request.part;
  return {
    ...toCommon(request),
    document: { source: Buffer.from(document.content, 'utf8'), filename: document.filename },
    ...(text === '' ? {} : { caption: text }),
    ...(entities.length === 0 ? {} : { caption_entities: entities }),
  };
}

function toCommon({ chatId, silent, threadId, links, keys, replyTo }: SendRequest): object {
  return {
    chat_id: chatId,
    ...(silent ? { disable_notification: true } : {}),
    ...(threadId === null || threadId === GENERAL_TOPIC ? {} : { message_thread_id: threadId }),
    // A message that is gone must not keep its answer from being read.
    ...(replyTo === undefined
      ? {}
      : { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
    ...toMarkup(links, keys),
  };
}

/** The renderer shows an address that Telegram takes no button for as text. */
function toMarkup(links: SendRequest['links'], keys: SendRequest['keys'] = []): object {
  const opened = links
    .filter(({ url }) => isLinkable(url))
    .map(({ title, url }) => ({ text: title ?? 'Open', url }));
  const pressed = keys.map(({ text, data }) => ({ text, callback_data: data }));
  const rows = [...inRows(opened), pressed].filter((row) => row.length > 0);
  return rows.length === 0 ? {} : { reply_markup: { inline_keyboard: rows } };
}

/** On a phone, three short words have room beside each other. */
function inRows<T>(buttons: readonly T[]): (readonly T[])[] {
  return buttons.length <= 3 ? [buttons] : [buttons.slice(0, 2), ...inRows(buttons.slice(2))];
}
