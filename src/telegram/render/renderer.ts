import { ALERT_LIMITS, type AlertContent, type AlertFormat, type AlertLink } from '../../domain/alert.ts';
import { cutTo } from '../../domain/readable-text.ts';
import { RenderLimitError } from '../../domain/render-limit.ts';
import type { LivingRenderer, RenderedPart, Renderer, Simplicity } from '../../services/ports/telegram.ts';
import { compose, EMPTY_TEXT, signature } from './compose.ts';
import { toDocument } from './document.ts';
import { toLiving } from './living.ts';
import { createMarkdownThread } from './markdown-thread.ts';
import { headOf, splitRendered } from './split.ts';
import { isVisible, MAX_TEXT, replaceLoneSurrogates, type StyledText } from './styled-text.ts';

/** An alert of more messages is a document: nobody reads five screens, and each one costs the chat a second. */
const MAX_PARTS = 4;
/** Of a longer text so many code points may be in the caption, which shows 1,024: marks are not shown. */
const CAPTION_SOURCE = 2_000;
/** Where no document may be sent, as many as it takes: the longest alert is 26. */
const MOST_PARTS = 99;

export interface AlertRenderer {
  readonly render: Renderer;
  readonly renderLiving: LivingRenderer;
  /** Ends the thread that parses markdown; from then on markdown is refused in the full form. */
  close(): Promise<void>;
}

/**
 * An alert as messages: one, or up to 4 that begin with "(1/3)" on a line of its own, or a file when it is longer.
 * Simplicity 1 to 3 show the message as it was written, with the button's address as text: send them without a button.
 * @param markdownLimitMs longest that one markdown text may take
 */
export function createRenderer(markdownLimitMs?: number): AlertRenderer {
  const markdown = createMarkdownThread(markdownLimitMs);
  /** HTML's parser is loaded by the first alert that needs it: 1 MB, with the tables of entities and tags. */
  const formats: Readonly<Record<AlertFormat, (message: string) => Promise<StyledText>>> = {
    plain: async (message) => asWritten(message),
    markdown: markdown.format,
    html: async (message) => (await import('./html.ts')).formatHtml(message),
  };

  const render: Renderer = async (content, simplicity) => {
    const clean = cleanContent(content);
    if (clean.message.length > ALERT_LIMITS.inMessages && simplicity !== 3)
      return [await toFile(clean, simplicity)];
    const written = compose(clean, asWritten(clean.message), simplicity > 0);
    const from = signature(clean);
    if (simplicity === 2) return [toDocument(written.text, withoutStyle(written), from)];
    const shown =
      simplicity === 0 ? compose(clean, await formatOrPlain(clean), false) : withoutStyle(written);
    if (!isVisible(shown.text)) return [{ kind: 'message', text: EMPTY_TEXT, entities: [] }];
    return (
      toMessages(shown, simplicity === 3 ? MOST_PARTS : MAX_PARTS) ?? [toDocument(written.text, shown, from)]
    );
  };

  /** A file is as it was written; of its markup only what the caption may show is parsed. */
  async function toFile(clean: AlertContent, simplicity: Simplicity): Promise<RenderedPart> {
    const file = compose(clean, asWritten(clean.message), simplicity > 0).text;
    // Cut roughly before it is cut well: the whole text may have characters that take long to tell apart.
    const begin = headOf(asWritten(cutTo(clean.message, 2 * CAPTION_SOURCE)), CAPTION_SOURCE).text;
    const head = simplicity === 0 ? await formatOrPlain({ ...clean, message: begin }) : asWritten(begin);
    const { title = '' } = clean;
    const shown = compose({ title, message: begin, format: clean.format }, head, false);
    return toDocument(file, simplicity > 0 ? withoutStyle(shown) : shown, signature(clean), true);
  }

  const renderLiving: LivingRenderer = async (content, simplicity, line) => {
    const clean = readableHead(cleanContent(content));
    const shown =
      simplicity === 0
        ? compose(clean, await formatOrPlain(clean), false)
        : withoutStyle(compose(clean, asWritten(clean.message), true));
    const visible = isVisible(shown.text) ? shown : asWritten(EMPTY_TEXT);
    return toLiving(visible, simplicity === 0 ? line : withoutStyle(line));
  };

  /** Markup never costs an alert: what is no markup, or would show nothing, is shown as it was written. */
  async function formatOrPlain({ message, format }: AlertContent): Promise<StyledText> {
    try {
      const styled = await formats[format](message);
      return isVisible(styled.text) ? styled : asWritten(message);
    } catch (error) {
      if (error instanceof RenderLimitError) throw error;
      return asWritten(message);
    }
  }

  return { render, renderLiving, close: markdown.close };
}

/** The text in at most `most` messages; undefined when it does not fit. */
function toMessages(shown: StyledText, most: number): RenderedPart[] | undefined {
  const [whole, ...others] = splitRendered(shown, MAX_TEXT, 1);
  if (whole !== undefined && others.length === 0) {
    return [{ kind: 'message', text: whole.raw, entities: whole.entities }];
  }
  const slices = splitRendered(shown, MAX_TEXT - partNumber(most, most).length, most);
  if (slices.length > most) return undefined;
  return slices.map(({ raw, entities }, index) => {
    // At the start: Telegram trims a message's ends, and white space at a part's start may be an indentation.
    const number = partNumber(index + 1, slices.length);
    return {
      kind: 'message',
      text: number + raw,
      entities: entities.map((entity) => ({ ...entity, offset: entity.offset + number.length })),
    };
  });
}

/** What a part's text begins with when there are several. */
function partNumber(part: number, parts: number): string {
  return `(${part}/${parts})\n`;
}

function asWritten(message: string): StyledText {
  return { text: message, entities: [] };
}

/** One message shows far less than this, and markup takes time. */
function readableHead(content: AlertContent): AlertContent {
  return { ...content, message: cutTo(content.message, ALERT_LIMITS.inMessages) };
}

function withoutStyle({ text }: StyledText): StyledText {
  return asWritten(text);
}

function cleanContent(content: AlertContent): AlertContent {
  return {
    ...content,
    message: replaceLoneSurrogates(content.message),
    ...(content.title === undefined ? {} : { title: replaceLoneSurrogates(content.title) }),
    ...(content.urlTitle === undefined ? {} : { urlTitle: replaceLoneSurrogates(content.urlTitle) }),
    ...(content.url === undefined ? {} : { url: replaceLoneSurrogates(content.url) }),
    ...(content.moreLinks === undefined ? {} : { moreLinks: content.moreLinks.map(cleanLink) }),
    ...(content.from === undefined ? {} : { from: replaceLoneSurrogates(content.from) }),
    ...(content.tags === undefined ? {} : { tags: content.tags.map(replaceLoneSurrogates) }),
  };
}

function cleanLink({ title, url }: AlertLink): AlertLink {
  return {
    ...(title === undefined ? {} : { title: replaceLoneSurrogates(title) }),
    url: replaceLoneSurrogates(url),
  };
}
