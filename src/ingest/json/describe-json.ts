import type { IngestAlert } from '../adapter.ts';
import { lines, short } from '../text/lines.ts';
import { link, links } from '../text/link.ts';
import { severityOf } from '../text/severity.ts';

/** Lines of values: more are no message. */
const MOST_LINES = 40;
/** Levels that are looked into. */
const DEPTH = 4;
/** Characters of one value. */
const VALUE = 300;

/** Names that tools give to what a person reads. */
const TITLES = ['title', 'subject', 'summary', 'event', 'name', 'alertname'];
const MESSAGES = ['message', 'text', 'msg', 'body', 'description', 'detail', 'details', 'content'];
const LINKS = ['url', 'link', 'html_url', 'web_url'];
const SEVERITIES = ['priority', 'severity', 'level'];

/** JSON of which nothing is known, as its values, each with its name. */
export function describeJson(body: unknown): IngestAlert {
  if (typeof body === 'string') return { message: body };
  if (typeof body !== 'object' || body === null) return { message: String(body) };
  const fields: Readonly<Record<string, unknown>> = Array.isArray(body) ? { ...body } : { ...body };
  const title = find(fields, TITLES);
  const message = find(
    fields,
    MESSAGES.filter((name) => name !== title?.name),
  );
  const address = find(fields, LINKS);
  const severity = find(fields, SEVERITIES);
  const said = new Set([title?.name, message?.name, address?.name].filter((name) => name !== undefined));
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !said.has(name)));
  const shown = [...values(rest, '', DEPTH)].slice(0, MOST_LINES + 1);
  const cut = shown.length > MOST_LINES ? [...shown.slice(0, MOST_LINES), '…'] : shown;
  return {
    title: title?.text,
    message: lines(message?.text, ...cut) || title?.text || '(empty)',
    priority: severityOf(severity?.text).priority,
    links: links(link('Open', address?.text)),
  };
}

function find(fields: Readonly<Record<string, unknown>>, names: readonly string[]) {
  for (const name of names) {
    const text = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof text === 'string' && text.trim() !== '') return { name, text: text.trim() };
  }
  return undefined;
}

/** "a.b: value" for each value; what lies deeper as JSON. */
function* values(fields: object, path: string, depth: number): Generator<string> {
  for (const [name, value] of Object.entries(fields)) {
    const where = path === '' ? name : `${path}.${name}`;
    if (value === null || value === '') continue;
    if (typeof value !== 'object') yield `${where}: ${short(String(value), VALUE)}`;
    else if (depth > 1) yield* values(value, where, depth - 1);
    else yield `${where}: ${short(shallowJson(value), VALUE)}`;
  }
}

/** JSON.stringify follows any depth; nobody reads it. */
function shallowJson(value: object): string {
  return Array.isArray(value) ? `[${value.length}]` : `{${Object.keys(value).length}}`;
}
