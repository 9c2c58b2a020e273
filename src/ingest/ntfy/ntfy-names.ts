import { readHeader } from './header-text.ts';

/** Fields by their names elsewhere than in JSON: ntfy's (https://docs.ntfy.sh/publish/), of any case, with or without `X-`. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  m: 'message',
  ...{ ti: 'title', t: 'title' },
  ...{ prio: 'priority', p: 'priority' },
  ...{ tag: 'tags', ta: 'tags' },
  click: 'url',
  ...{ delay: 'deliverAt', at: 'deliverAt', in: 'deliverAt' },
  ...{ markdown: 'format', md: 'format' },
  'sequence-id': 'key',
};
const otherNames = new Map(Object.entries(OTHER_NAMES));

/** In a header these are ours; what else is there belongs to others. */
const HEADERS: readonly (readonly [header: string, field: string])[] = [
  ...['message', 'title', 'priority', 'tags'].map((name) => [name, name] as const),
  ...Object.entries(OTHER_NAMES),
].flatMap(([name, field]) => [[`x-${name}`, field] as const, [name, field] as const]);

/** RFC 9218: how urgent the answer is. Browsers and proxies send it, and mean no alert. */
const ANSWER_PRIORITY = /^\s*(?:u\s*=\s*[0-7]|i(?:\s*=\s*\?[01])?)\s*(?:,|$)/;

/** How ntfy says yes. */
const YES: ReadonlySet<string> = new Set(['1', 'yes', 'true', 'on']);

type Fields = Record<string, string>;

/** Sets what is not set yet, so that the first source that names a field counts. */
function add(fields: Fields, field: string, value: string, isMarkdown: boolean): void {
  if (isMarkdown) {
    if (YES.has(value.trim().toLowerCase())) fields.format ??= 'markdown';
  } else fields[field] ??= value;
}

/** Of queries and forms. @param own the names of JSON, under their lower-case form; ntfy's are good as well */
export function fieldsOfPairs(
  pairs: Iterable<readonly [string, string]>,
  own: ReadonlyMap<string, string>,
  skip: ReadonlySet<string> = new Set(),
): Fields {
  // Without a prototype: a field may have any name.
  const fields: Fields = Object.create(null);
  for (const [name, value] of pairs) {
    if (skip.has(name)) continue;
    const plain = name.toLowerCase().replace(/^x-/, '');
    const field = own.get(plain) ?? otherNames.get(plain) ?? name;
    if (field === 'tags' && fields.tags !== undefined) fields.tags += `,${value}`;
    else add(fields, field, value, plain === 'markdown' || plain === 'md');
  }
  return fields;
}

export function fieldsOfHeaders(headers: Readonly<Record<string, unknown>>): Fields {
  const fields: Fields = {};
  for (const [header, field] of HEADERS) {
    const raw = headers[header];
    if (typeof raw !== 'string' || (field === 'priority' && ANSWER_PRIORITY.test(raw))) continue;
    add(fields, field, readHeader(raw), header.endsWith('markdown') || header.endsWith('md'));
  }
  return fields;
}
