import type { AlertContent } from '../../domain/alert.ts';
import type { SendOutcome } from '../../domain/outcome.ts';

/** One message as Telegram takes it: text with entities, or a document when it would be more than 4 messages. */
export interface RenderedPart {
  readonly kind: 'message' | 'document';
  /** The message's text, or the document's caption. */
  readonly text: string;
  /** Offsets and lengths in UTF-16 units, as the Bot API counts them. */
  readonly entities: readonly MessageEntity[];
  /** The document's content (UTF-8) and name. */
  readonly document?: { readonly filename: string; readonly content: string };
}

export interface MessageEntity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
}

/**
 * Renders content; `simplicity` 0 is the full form, 1 plain text without entities, 2 a document, 3 plain text in as many
 * messages as it takes.
 * @throws RenderLimitError where the full form took too long; the others never do
 */
export type Renderer = (content: AlertContent, simplicity: Simplicity) => Promise<RenderedPart[]>;
export type Simplicity = 0 | 1 | 2 | 3;

/**
 * What is left of a message, parts of which have arrived: cut as before but without entities, or all of it as one file.
 * `address`: shown at its end, in place of a button.
 */
export type RenderRest = (
  parts: readonly RenderedPart[],
  as: 'plain' | 'file',
  address: string | null,
) => RenderedPart[];

export interface SendRequest {
  readonly chatId: number;
  readonly part: RenderedPart;
  readonly silent: boolean;
  readonly threadId: number | null;
  /** A button below the (last) message. */
  readonly button: { readonly text: string; readonly url: string } | null;
}

export interface TelegramSender {
  /** Makes one call and returns its outcome. Never throws, never retries. */
  send(request: SendRequest): Promise<SendOutcome>;
  /** getMe: does Telegram answer, and take the token? */
  probe(): Promise<'ok' | 'unreachable' | 'unauthorized'>;
}
