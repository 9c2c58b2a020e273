import { isLinkable, shownAddress } from '../links.ts';
import { type MarkupTag, scanMarkup } from './markup-scan.ts';
import { createStyledTextBuilder, type Style, type StyledText } from './styled-text.ts';

/** Telegram's tags (Bot API, "HTML style") and the entity that each one makes. */
const STYLES: Readonly<Record<string, string>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  code: 'code',
  'tg-spoiler': 'spoiler',
};

/** Taken, and shown as their text alone: custom emoji and times need ids that a sender cannot know. */
const TEXT_ONLY: ReadonlySet<string> = new Set(['tg-emoji', 'tg-time']);

/** How Telegram names a code block's language: `<pre><code class="language-x">`. */
const CODE_IN_PRE = /\s*<code\s+class\s*=\s*["']?language-([\w+#.-]{1,32})["']?\s*>/iy;

interface OpenElement {
  readonly name: string;
  /** Undefined for a tag that is shown as it was written: so is its end tag. */
  readonly end: (() => void) | undefined;
}

/**
 * Telegram's HTML, with `<br>` and `<p>` tolerated. An alert must not lose text: other tags, comments and stray or
 * broken pieces of markup are shown as they were written. Line feeds and spaces stay.
 * @throws RangeError when elements are nested more than 64 deep
 */
export function formatHtml(source: string): StyledText {
  const out = createStyledTextBuilder();
  const open: OpenElement[] = [];
  /** How many elements of a name are open: 2,000 ends of none must not search 2,000 open ones each. */
  const openOf = new Map<string, number>();
  let isLineDue = false;

  function write(text: string): void {
    if (text === '') return;
    endDueLine(text);
    out.append(text);
  }
  function endDueLine(next: string): void {
    if (isLineDue && !out.atLineStart() && !/^\r?\n/.test(next)) out.append('\n');
    isLineDue = false;
  }
  function dueLine(): void {
    isLineDue = true;
  }
  function style(value: Style): () => void {
    endDueLine('');
    out.open(value);
    return out.close;
  }

  /** Begins one of Telegram's elements and says how it ends; undefined for any other tag. */
  function begin({ name, attributes, end }: MarkupTag): (() => void) | undefined {
    if (Object.hasOwn(STYLES, name)) return style({ type: STYLES[name] ?? name });
    if (TEXT_ONLY.has(name)) return () => undefined;
    switch (name) {
      case 'pre': {
        CODE_IN_PRE.lastIndex = end;
        const language = CODE_IN_PRE.exec(source)?.[1];
        return style({ type: 'pre', ...(language === undefined ? {} : { language }) });
      }
      case 'a':
        return attributes.href === undefined ? undefined : beginLink(attributes.href);
      case 'blockquote':
        return style({ type: 'expandable' in attributes ? 'expandable_blockquote' : 'blockquote' });
      case 'span':
        return attributes.class === 'tg-spoiler' ? style({ type: 'spoiler' }) : undefined;
      case 'p':
        dueLine();
        return dueLine;
      default:
        return undefined;
    }
  }

  /** A link that Telegram takes becomes one; another keeps its address in parentheses. */
  function beginLink(href: string): () => void {
    const close = isLinkable(href) ? style({ type: 'text_link', url: href }) : undefined;
    const start = out.length();
    return () => {
      write(shownAddress(out.textSince(start), href, close !== undefined));
      close?.();
    };
  }

  function count(name: string, change: 1 | -1): void {
    openOf.set(name, (openOf.get(name) ?? 0) + change);
  }

  function endElement(name: string, raw: string): void {
    // An end without a beginning is text.
    if (!openOf.get(name)) {
      write(raw);
      return;
    }
    const index = open.findLastIndex((element) => element.name === name);
    for (const element of open.splice(index).reverse()) {
      count(element.name, -1);
      if (element.end !== undefined) element.end();
      else if (element.name === name) write(raw);
    }
  }

  scanMarkup(source, {
    text: write,
    startTag(tag) {
      if (tag.name === 'br') {
        // "<br>" at the end of a line is that line's end.
        if (!/^\r?\n/.test(source.slice(tag.end, tag.end + 2))) write('\n');
        return;
      }
      const end = begin(tag);
      if (end === undefined) write(tag.raw);
      open.push({ name: tag.name, end });
      count(tag.name, 1);
    },
    endTag: endElement,
  });
  // A link without an end tag still shows its address.
  for (const element of open.reverse()) element.end?.();
  return out.build();
}
