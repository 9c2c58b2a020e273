import type { AlertContent, AlertLink } from '../../domain/alert.ts';
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
  /** Of a `date_time`: epoch seconds, and Telegram's format for it. The text is what other clients show. */
  readonly unix_time?: number;
  readonly date_time_format?: string;
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
 * `addresses`: shown at its end, in place of buttons.
 */
export type RenderRest = (
  parts: readonly RenderedPart[],
  as: 'plain' | 'file',
  addresses: string | null,
) => RenderedPart[];

/** A button that the bot is told of when somebody presses it. `data`: 1 to 64 bytes. */
export interface PressButton {
  readonly text: string;
  readonly data: string;
}

export interface SendRequest {
  readonly chatId: number;
  readonly part: RenderedPart;
  readonly silent: boolean;
  readonly threadId: number | null;
  /** Buttons below the (last) message that open an address. */
  readonly links: readonly AlertLink[];
  /** Below those. */
  readonly keys?: readonly PressButton[];
  /** Telegram's id of the message that this one answers. */
  readonly replyTo?: number;
}

/** A message's text and buttons, in place of what it shows. `part` null: the text stays. */
export type EditRequest = Pick<SendRequest, 'chatId' | 'links' | 'keys'> & {
  readonly messageId: number;
  readonly part: RenderedPart | null;
};

/**
 * Renders one message that stays true: as much of the content as fits (`isWhole`: all of it), and the line below it.
 * `simplicity` 1 is plain text without entities. @throws RenderLimitError as Renderer
 */
export type LivingRenderer = (
  content: AlertContent,
  simplicity: 0 | 1,
  line: { readonly text: string; readonly entities: readonly MessageEntity[] },
) => Promise<{ readonly part: RenderedPart; readonly isWhole: boolean }>;

export interface TelegramSender {
  /** Makes one call and returns its outcome. Never throws, never retries. */
  send(request: SendRequest): Promise<SendOutcome>;
  /** As `send`. An edit may be made again: a `message_not_modified` says that it was made before. */
  edit(request: EditRequest): Promise<SendOutcome>;
  /** getMe: does Telegram answer, and take the token? */
  probe(): Promise<'ok' | 'unreachable' | 'unauthorized'>;
}
