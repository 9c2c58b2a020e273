import { checkDateTime } from './date-time.ts';
import { type ParsedText, parseHtml } from './html-entities.ts';
import { parseMarkdownV2 } from './markdown-entities.ts';
import { isRecord, readJson, readString } from './payload.ts';
import { badRequest } from './refusals.ts';
import type { Entity, Payload, User } from './types.ts';

/** Unicode code points, counted after parsing (telegram.md, "Message text"). */
const MAX_TEXT = 4096;
const MAX_CAPTION = 1024;
/** Telegram keeps the first hundred entities of a message and ignores the others. */
const MAX_ENTITIES = 100;
const ENTITY_TYPES = new Set(
  `mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler blockquote
   expandable_blockquote code pre text_link text_mention custom_emoji date_time`.split(/\s+/),
);

function isInsidePair(text: string, offset: number): boolean {
  return /[\ud800-\udbff]/.test(text.charAt(offset - 1)) && /[\udc00-\udfff]/.test(text.charAt(offset));
}

function checkEntity(raw: unknown, text: string): Entity {
  if (!isRecord(raw)) throw badRequest("can't parse MessageEntity: expected an Object");
  const { type, offset, length } = raw;
  if (typeof type !== 'string' || !ENTITY_TYPES.has(type))
    throw badRequest("can't parse MessageEntity: Unsupported type specified");
  if (!Number.isInteger(offset) || Number(offset) < 0)
    throw badRequest(`receive an entity with incorrect offset ${String(offset)}`);
  if (!Number.isInteger(length) || Number(length) < 0)
    throw badRequest(`receive an entity with incorrect length ${String(length)}`);
  const [start, size] = [Number(offset), Number(length)];
  if (start + size > text.length)
    throw badRequest(
      `entity beginning at UTF-16 offset ${start} ends after the end of the text at UTF-16 offset ${start + size}`,
    );
  if (isInsidePair(text, start)) throw badRequest('entity begins in a middle of a UTF-16 symbol');
  if (isInsidePair(text, start + size)) throw badRequest('entity ends in a middle of a UTF-16 symbol');
  return {
    ...(type === 'date_time' ? checkDateTime(raw.unix_time, raw.date_time_format) : {}),
    type,
    offset: start,
    length: size,
    ...(typeof raw.url === 'string' ? { url: raw.url } : {}),
    ...(typeof raw.language === 'string' ? { language: raw.language } : {}),
    ...(typeof raw.custom_emoji_id === 'string' ? { custom_emoji_id: raw.custom_emoji_id } : {}),
    ...(isRecord(raw.user) ? { user: raw.user as unknown as User } : {}), // echoed as it came
  };
}

/** Telegram trims a message; entities move and shrink with the text. */
function trim({ text, entities }: ParsedText): ParsedText {
  const lead = text.length - text.trimStart().length;
  const trimmed = text.trim();
  const moved: Entity[] = [];
  for (const entity of entities) {
    const start = Math.max(0, entity.offset - lead);
    const end = Math.min(trimmed.length, entity.offset + entity.length - lead);
    if (end > start) moved.push({ ...entity, offset: start, length: end - start });
  }
  moved.sort((a, b) => a.offset - b.offset || b.length - a.length);
  return { text: trimmed, entities: moved.slice(0, MAX_ENTITIES) };
}

function parse(source: string, payload: Payload, entitiesField: string): ParsedText {
  const mode = readString(payload, 'parse_mode')?.toLowerCase() ?? '';
  if (mode === 'html') return parseHtml(source);
  if (mode === 'markdownv2') return parseMarkdownV2(source);
  if (mode !== '' && mode !== 'none') throw badRequest('unsupported parse_mode');
  const raw = readJson(payload, entitiesField);
  if (raw === undefined) return { text: source, entities: [] };
  if (!Array.isArray(raw)) throw badRequest("can't parse entities: expected an Array");
  return { text: source, entities: raw.map((entity) => checkEntity(entity, source)) };
}

/** The text of a message with its entities. @throws Refusal 400 when Telegram would not take it */
export function checkText(payload: Payload): ParsedText {
  const parsed = trim(parse(readString(payload, 'text') ?? '', payload, 'entities'));
  if (parsed.text === '') throw badRequest('message text is empty');
  if ([...parsed.text].length > MAX_TEXT) throw badRequest('message is too long');
  return parsed;
}

/** The caption of a document; may be empty. @throws Refusal 400 */
export function checkCaption(payload: Payload): ParsedText {
  const parsed = trim(parse(readString(payload, 'caption') ?? '', payload, 'caption_entities'));
  if ([...parsed.text].length > MAX_CAPTION) throw badRequest('message caption is too long');
  return parsed;
}

/** The `bot_command` entities of a text, as Telegram finds them: `/name` or `/name@bot` at the start of a word. */
export function commandEntities(text: string): Entity[] {
  return [...text.matchAll(/(?<![\w/@])\/[a-z0-9_]{1,32}(?:@\w{3,32})?(?!\w)/gi)].map((match) => ({
    type: 'bot_command',
    offset: match.index,
    length: match[0].length,
  }));
}
