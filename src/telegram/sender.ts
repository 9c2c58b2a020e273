import type { Telegram } from 'telegraf';
import type { RenderedPart, SendRequest, TelegramSender } from '../services/ports/telegram.ts';
import type { ReportCall } from './call-report.ts';
import { isLinkable } from './links.ts';
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
    try {
      const result = await callApi(method, payload, { signal: AbortSignal.timeout(deps.timeoutMs) });
      tell();
      return result;
    } catch (error) {
      tell(error);
      throw error;
    }
  }

  return {
    async send(request) {
      try {
        const { document } = request.part;
        return classifyResult(
          document === undefined
            ? await call('sendMessage', toMessage(request))
            : await call('sendDocument', toDocument(request, document)),
        );
      } catch (error) {
        return classifyError(error);
      }
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

function toDocument(request: SendRequest, document: NonNullable<RenderedPart['document']>): object {
  const { text, entities } = request.part;
  return {
    ...toCommon(request),
    document: { source: Buffer.from(document.content, 'utf8'), filename: document.filename },
    ...(text === '' ? {} : { caption: text }),
    ...(entities.length === 0 ? {} : { caption_entities: entities }),
  };
}

function toCommon({ chatId, silent, threadId, button }: SendRequest): object {
  return {
    chat_id: chatId,
    ...(silent ? { disable_notification: true } : {}),
    ...(threadId === null || threadId === GENERAL_TOPIC ? {} : { message_thread_id: threadId }),
    // The renderer shows an address that Telegram takes no button for as text.
    ...(button !== null && isLinkable(button.url)
      ? { reply_markup: { inline_keyboard: [[{ text: button.text, url: button.url }]] } }
      : {}),
  };
}
