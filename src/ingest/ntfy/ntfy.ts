import * as z from 'zod';
import { isKeyForm } from '../../domain/capability-key.ts';
import { type Delivery, defineAdapter } from '../adapter.ts';
import { NO_OPTIONS } from '../options.ts';
import { link, links } from '../text/link.ts';
import { Word } from '../text/values.ts';
import { fieldsOfHeaders, fieldsOfPairs } from './ntfy-names.ts';

/** ntfy's JSON publish, and what its headers and parameters say, by the names of ours. */
const NtfySchema = z.object(
  {
    topic: Word,
    message: Word,
    title: Word,
    priority: Word,
    tags: z.union([z.array(z.string()), Word]).catch(undefined),
    click: Word,
    url: Word,
    markdown: z.boolean().nullish().catch(undefined),
    format: Word,
    delay: Word,
    deliverAt: Word,
    sequence_id: Word,
    key: Word,
    filename: Word,
  },
  'Send text, or ntfy’s JSON.',
);

/** What the parameters of an address are called by ours; all other names are ntfy's. */
const OWN: ReadonlyMap<string, string> = new Map(
  ['message', 'title', 'priority', 'tags'].map((name) => [name, name]),
);

const NtfyMessage = z.object({
  id: z.string(),
  time: z.int(),
  expires: z.int(),
  event: z.literal('message'),
  topic: z.string(),
  title: z.string().optional(),
  message: z.string(),
});

const NtfyError = z.object({ code: z.int(), http: z.int(), error: z.string(), link: z.string() });

export const ntfy = defineAdapter({
  example: { topic: 'x'.repeat(43), message: 'Disk full', title: 'db1', priority: 4, tags: ['warning'] },
  options: NO_OPTIONS,
  schema: NtfySchema,
  methods: ['POST', 'PUT'],
  // JSON publish names the topic, which is the key, in its body.
  isKeyInBody: true,
  credential: ({ body }) => {
    const topic = topicOf(body);
    return topic !== undefined && isKeyForm(topic) ? topic : undefined;
  },
  pick,
  map(fields) {
    const { message, title, priority, tags, format, markdown } = fields;
    const isMarkdown = markdown === true || format === 'markdown';
    const file = fields.filename?.trim() && `(The file ${fields.filename.trim()} was left out.)`;
    return {
      alerts: [
        {
          title: title?.trim() || undefined,
          // As ntfy says it.
          message: message?.trim() ? message : file || 'triggered',
          format: isMarkdown ? 'markdown' : 'plain',
          priority: priority ?? undefined,
          tags: typeof tags === 'string' ? tags.split(',') : (tags ?? undefined),
          links: links(link('Open', fields.click ?? fields.url)),
          deliverAt: fields.delay ?? fields.deliverAt ?? undefined,
          key: fields.sequence_id || fields.key || undefined,
        },
      ],
    };
  },
  answers: { taken: NtfyMessage, refused: NtfyError },
  answer({ id, alert, now, body }) {
    const time = Math.floor(now / 1000);
    const topic = topicOf(body) ?? 'alerts';
    return {
      ...{ id, time, expires: time + LIFE_SECONDS, event: 'message' },
      // A key is shown to nobody, not even to the log of the job that has sent this.
      topic: isKeyForm(topic) ? `${topic.slice(0, 4)}…` : topic,
      ...(alert.title === undefined ? {} : { title: alert.title }),
      message: alert.message,
    };
  },
  refuse: ({ status, title, detail }) => ({
    ...{ code: status * 100 + 1, http: status, error: `${title}: ${detail}` },
    link: 'https://docs.ntfy.sh/publish/',
  }),
});

/** ntfy keeps messages for 12 hours. */
const LIFE_SECONDS = 43_200;

function topicOf(body: unknown): string | undefined {
  const isObject = typeof body === 'object' && body !== null && 'topic' in body;
  return isObject && typeof body.topic === 'string' ? body.topic : undefined;
}

/** Where the body is no JSON with a topic, it is the message, whatever it looks like; a file is none. */
function pick({ body, text, headers, query }: Delivery): unknown {
  if (topicOf(body) !== undefined) return body;
  const filename =
    headers['x-filename'] ?? headers.filename ?? headers['x-file'] ?? headers.file ?? headers.f;
  const named: Readonly<Record<string, string | undefined>> = {
    ...fieldsOfHeaders(headers),
    ...fieldsOfPairs(Object.entries(query), OWN),
    filename: filename ?? query.filename,
  };
  // An address has no line breaks.
  const inAddress = named.message?.replaceAll('\\n', '\n');
  const isFile = named.filename !== undefined || text.includes('\0');
  const message = isFile || text.trim() === '' ? inAddress : text.replace(/\r?\n$/, '');
  return { ...named, message, ...(isFile ? { filename: named.filename ?? 'attachment' } : {}) };
}
