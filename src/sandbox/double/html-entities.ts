import { checkDateTime } from './date-time.ts';
import { badRequest } from './refusals.ts';
import type { Entity } from './types.ts';

const TAG_TYPES: Readonly<Record<string, string>> = {
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
  pre: 'pre',
  a: 'text_link',
  blockquote: 'blockquote',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  'tg-emoji': 'custom_emoji',
  'tg-time': 'date_time',
};
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };
const REFERENCE = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot));?/gi;

interface OpenTag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly offset: number;
}

export interface ParsedText {
  readonly text: string;
  readonly entities: Entity[];
}

function decode(text: string): string {
  return text.replace(REFERENCE, (whole, hex: string, decimal: string, name: string) => {
    if (name) return NAMED[name.toLowerCase()] ?? whole;
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function attributesOf(source: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const match of source.matchAll(/([a-z][a-z0-9-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi))
    found[(match[1] ?? '').toLowerCase()] = decode(match[2] ?? match[3] ?? match[4] ?? '');
  return found;
}

function entityOf(tag: OpenTag, text: string): Entity | undefined {
  const place = { offset: tag.offset, length: text.length - tag.offset };
  if (place.length === 0) return undefined;
  const type = TAG_TYPES[tag.name] ?? tag.name;
  if (type === 'text_link') {
    const url = tag.attributes.href ?? text.slice(tag.offset);
    return /^(https?|tg|mailto|tel):/i.test(url) ? { type, ...place, url } : undefined;
  }
  const language = /^language-(.+)$/.exec(tag.attributes.class ?? '')?.[1];
  if (type === 'code' && language) return { type: 'pre', ...place, language };
  if (type === 'blockquote' && 'expandable' in tag.attributes)
    return { type: 'expandable_blockquote', ...place };
  if (type === 'custom_emoji') return { type, ...place, custom_emoji_id: tag.attributes['emoji-id'] ?? '' };
  if (type === 'date_time')
    return { type, ...place, ...checkDateTime(Number(tag.attributes.unix), tag.attributes.format) };
  return { type, ...place };
}

/** `<pre><code class="language-x">` is one entity to Telegram: the outer `pre` of the same place goes. */
function mergePreCode(entities: readonly Entity[]): Entity[] {
  const withLanguage = entities.filter((entity) => entity.type === 'pre' && entity.language);
  return entities.filter(
    (entity) =>
      entity.type !== 'pre' ||
      entity.language !== undefined ||
      !withLanguage.some((other) => other.offset === entity.offset && other.length === entity.length),
  );
}

/**
 * `parse_mode: HTML` as the Bot API server parses it (telegram.md lists the tags).
 * @throws Refusal 400 `can't parse entities: …` with the byte offset, in Telegram's words
 */
export function parseHtml(html: string): ParsedText {
  const fail = (why: string, at: number): never => {
    throw badRequest(
      `can't parse entities: ${why.replace('%', String(Buffer.byteLength(html.slice(0, at))))}`,
    );
  };
  const open: OpenTag[] = [];
  const entities: Entity[] = [];
  let text = '';
  let at = 0;
  while (at < html.length) {
    const start = html.indexOf('<', at);
    if (start < 0) {
      text += decode(html.slice(at));
      break;
    }
    text += decode(html.slice(at, start));
    const end = html.indexOf('>', start);
    if (end < 0) fail('Unclosed start tag at byte offset %', start);
    const inside = html.slice(start + 1, end);
    const name = (/^\/?\s*([^\s/>]*)/.exec(inside)?.[1] ?? '').toLowerCase();
    at = end + 1;
    if (inside.startsWith('/')) {
      const tag = open.pop();
      if (!tag) return fail('Unexpected end tag at byte offset %', start);
      if (name !== '' && name !== tag.name)
        fail(`Unmatched end tag at byte offset %, expected "</${tag.name}>", found "</${name}>"`, start);
      const entity = entityOf(tag, text);
      if (entity) entities.push(entity);
      continue;
    }
    if (!(name in TAG_TYPES)) fail(`Unsupported start tag "${name}" at byte offset %`, start);
    const attributes = attributesOf(inside.slice(name.length));
    if (name === 'span' && attributes.class !== 'tg-spoiler')
      fail('Tag "span" must have class "tg-spoiler" at byte offset %', start);
    open.push({ name, attributes, offset: text.length });
  }
  const unclosed = open.at(-1);
  if (unclosed) fail(`Can't find end tag corresponding to start tag "${unclosed.name}"`, 0);
  return { text, entities: mergePreCode(entities) };
}
