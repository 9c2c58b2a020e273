import type { Blockquote, Code, List, ListItem, Nodes, Parents, Root, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmStrikethroughFromMarkdown } from 'mdast-util-gfm-strikethrough';
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough';
import { isLinkable, shownAddress } from '../links.ts';
import {
  createStyledTextBuilder,
  type Style,
  type StyledText,
  type StyledTextBuilder,
} from './styled-text.ts';

interface Writer {
  readonly out: StyledTextBuilder;
  readonly source: string;
  /** Targets of `[label]: url` lines that a link or image refers to, by identifier. */
  readonly targets: ReadonlyMap<string, string>;
  /** Put after every line feed of running text: the place inside lists and inner quotes. */
  readonly indent: string;
  readonly isQuoted: boolean;
  /** Quotes and list items around. */
  readonly depth: number;
}

/** Deeper nesting is no message that a person wrote. */
const MAX_DEPTH = 64;

const RULE = '———';
const LANGUAGE = /^[\w+#.-]{1,32}$/;

/**
 * CommonMark with `~~strikethrough~~`, as Telegram's entities. What has no entity stays readable: headings become bold,
 * items "• " or "1. ", images links; unused `[label]: target` lines are shown as written, and HTML's tags are text like
 * any other. A single line feed stays one, because alerts are written line by line.
 *
 * Its time grows with the square of the length for many texts: call it by way of markdown-thread.ts.
 * @throws RangeError when the text is nested too deep, or would become far longer than it is
 */
export function formatMarkdown(source: string): StyledText {
  const root = fromMarkdown(source, {
    // "~5 ms … ~10 ms" is no strikethrough.
    extensions: [gfmStrikethrough({ singleTilde: false }), { disable: { null: ['htmlFlow', 'htmlText'] } }],
    mdastExtensions: [gfmStrikethroughFromMarkdown()],
  });
  const out = createStyledTextBuilder();
  writeBlocks({ out, source, targets: usedTargets(root), indent: '', isQuoted: false, depth: 0 }, root);
  return out.build();
}

function writeBlocks(writer: Writer, parent: Parents): void {
  let previous: RootContent | undefined;
  for (const node of parent.children) {
    if (node.type === 'definition' && writer.targets.has(node.identifier)) continue;
    if (previous !== undefined) writeGap(writer, previous, node);
    write(writer, node);
    previous = node;
  }
}

function write(writer: Writer, node: RootContent): void {
  const { out, targets } = writer;
  switch (node.type) {
    case 'paragraph':
      writeInline(writer, node);
      break;
    case 'heading':
    case 'strong':
      writeStyled(writer, 'bold', node);
      break;
    case 'emphasis':
      writeStyled(writer, 'italic', node);
      break;
    case 'delete':
      writeStyled(writer, 'strikethrough', node);
      break;
    case 'blockquote':
      writeQuote(writer, node);
      break;
    case 'list':
      writeList(writer, node);
      break;
    case 'code':
      writeVerbatim(out, { type: 'pre', ...languageOf(node) }, node.value);
      break;
    case 'inlineCode':
      writeVerbatim(out, { type: 'code' }, node.value);
      break;
    case 'text':
      out.append(indented(writer, node.value));
      break;
    case 'break':
      out.append(indented(writer, '\n'));
      break;
    case 'thematicBreak':
      out.append(RULE);
      break;
    case 'link':
      writeLink(out, node.url, () => writeInline(writer, node));
      break;
    case 'linkReference':
      writeLink(out, targets.get(node.identifier) ?? '', () => writeInline(writer, node));
      break;
    case 'image':
      writeLink(out, node.url, () => out.append(node.alt ?? ''));
      break;
    case 'imageReference':
      writeLink(out, targets.get(node.identifier) ?? '', () => out.append(node.alt ?? ''));
      break;
    default:
      out.append(sourceOf(writer, node));
  }
}

function writeVerbatim(out: StyledTextBuilder, style: Style, text: string): void {
  out.open(style);
  out.append(text);
  out.close();
}

function languageOf({ lang }: Code): { language?: string } {
  return lang && LANGUAGE.test(lang) ? { language: lang } : {};
}

function writeInline(writer: Writer, parent: Parents): void {
  for (const node of parent.children) write(writer, node);
}

function writeStyled(writer: Writer, type: string, parent: Parents): void {
  writer.out.open({ type });
  writeInline(writer, parent);
  writer.out.close();
}

/** Telegram allows no quote in a quote: inner ones keep their "> ". */
function writeQuote(writer: Writer, quote: Blockquote): void {
  if (writer.isQuoted) {
    writer.out.append('> ');
    writeBlocks(within(writer, '> '), quote);
    return;
  }
  writer.out.open({ type: 'blockquote' });
  writeBlocks({ ...within(writer, ''), isQuoted: true }, quote);
  writer.out.close();
}

function writeList(writer: Writer, list: List): void {
  let number = list.start ?? 1;
  let previous: ListItem | undefined;
  for (const item of list.children) {
    if (previous !== undefined) writeGap(writer, previous, item);
    const marker = list.ordered ? `${number++}. ` : '• ';
    writer.out.append(marker);
    writeBlocks(within(writer, ' '.repeat(marker.length)), item);
    previous = item;
  }
}

/** For what is in a quote or an item. */
function within(writer: Writer, indent: string): Writer {
  if (writer.depth >= MAX_DEPTH) throw new RangeError('markdown is nested too deep');
  return { ...writer, indent: writer.indent + indent, depth: writer.depth + 1 };
}

/** Blocks stand as far apart as in the source: at once below each other, or with one empty line between. */
function writeGap({ out, indent }: Writer, previous: Nodes, next: Nodes): void {
  const lines = (next.position?.start.line ?? 0) - (previous.position?.end.line ?? 0);
  out.append(`${lines > 1 ? '\n' : ''}\n${indent}`);
}

/** A link that Telegram takes becomes one; another keeps its address in parentheses. */
function writeLink(out: StyledTextBuilder, url: string, writeText: () => void): void {
  const start = out.length();
  const isLink = isLinkable(url);
  if (isLink) out.open({ type: 'text_link', url });
  writeText();
  out.append(shownAddress(out.textSince(start), url, isLink));
  if (isLink) out.close();
}

function indented(writer: Writer, text: string): string {
  return writer.indent === '' ? text : text.replaceAll('\n', `\n${writer.indent}`);
}

function sourceOf(writer: Writer, node: RootContent): string {
  const { start, end } = node.position ?? {};
  return writer.source.slice(start?.offset, end?.offset);
}

/** `[ERROR]: disk` is a definition to CommonMark, which shows nothing: only those that are referred to count as one. */
function usedTargets(root: Root): Map<string, string> {
  const targets = new Map<string, string>();
  const used = new Set<string>();
  const pending: Nodes[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    // The first definition of an identifier counts (CommonMark 0.31, section 4.7).
    if (node.type === 'definition' && !targets.has(node.identifier)) targets.set(node.identifier, node.url);
    if (node.type === 'linkReference' || node.type === 'imageReference') used.add(node.identifier);
    if ('children' in node) pending.push(...node.children.toReversed());
  }
  return new Map([...targets].filter(([identifier]) => used.has(identifier)));
}
