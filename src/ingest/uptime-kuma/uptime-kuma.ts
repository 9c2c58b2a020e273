import * as z from 'zod';
import { type Delivery, defineAdapter, type Reading } from '../adapter.ts';
import { NO_OPTIONS } from '../options.ts';
import { labelled, line, lines } from '../text/lines.ts';
import { link, links } from '../text/link.ts';
import { since } from '../text/moment.ts';
import { stableKey } from '../text/stable-key.ts';
import { Word } from '../text/values.ts';

const Heartbeat = z.object({
  status: z.number(),
  msg: Word,
  time: Word,
  duration: Word,
  localDateTime: Word,
});

const Monitor = z.object({
  id: Word,
  name: Word,
  url: Word,
  hostname: Word,
  port: Word,
  type: Word,
  tags: z
    .array(z.object({ name: Word, value: Word }))
    .nullish()
    .catch(undefined),
});

/** Uptime Kuma's webhook; its test, and its words about certificates, have neither heartbeat nor monitor. */
const UptimeKumaSchema = z
  .object(
    { heartbeat: Heartbeat.nullish(), monitor: Monitor.nullish(), msg: Word },
    "Send Uptime Kuma's JSON, or its form.",
  )
  .refine(({ heartbeat, msg }) => heartbeat != null || (msg ?? '').trim() !== '', {
    path: ['msg'],
    message: 'Send msg, or a heartbeat.',
  });

type Kuma = z.output<typeof UptimeKumaSchema>;

const DOWN = 0;
const UP = 1;

/** Uptime Kuma's webhook as JSON, as a form or by GET: up resolves down. */
export const uptimeKuma = defineAdapter({
  example: {
    heartbeat: { status: 0, msg: 'timeout', time: '2030-01-31 08:00:00' },
    monitor: { id: 1, name: 'Shop', url: 'https://shop.example.org' },
    msg: '[Shop] [Down] timeout',
  },
  options: NO_OPTIONS,
  schema: UptimeKumaSchema,
  methods: ['POST', 'GET'],
  pick,
  map(body): Reading {
    const { heartbeat, monitor, msg } = body;
    if (heartbeat == null) return { alerts: [{ title: 'Uptime Kuma', message: msg ?? '' }] };
    const isDown = heartbeat.status === DOWN;
    if (!isDown && heartbeat.status !== UP) return { ignored: 'Pending and maintenance are not reported.' };
    const name = monitor?.name || 'A monitor';
    return {
      alerts: [
        {
          title: `${name} is ${isDown ? 'down' : 'up'}`,
          message: lines(
            `${isDown ? '🔴 down' : '✅ up'}${heartbeat.msg?.trim() ? `: ${heartbeat.msg.trim()}` : ''}`,
            addressOf(monitor),
            line(...(monitor?.tags ?? []).map((tag) => (tag.value ? `${tag.name}: ${tag.value}` : tag.name))),
            since(timeOf(heartbeat)),
          ),
          priority: isDown ? 'high' : 'normal',
          links: links(link('Open', monitor?.url)),
          key: stableKey('uptime-kuma', monitor?.id, name),
          ...(isDown ? {} : { resolve: 'if-open' as const }),
          idempotencyKey: stableKey('uptime-kuma', monitor?.id, name, heartbeat.status, heartbeat.time),
        },
      ],
    };
  },
});

/** In a form it is the JSON of the field `data`, by GET that of two parameters. */
function pick({ body, query }: Delivery): unknown {
  const given = typeof body === 'object' && body !== null ? body : query;
  if ('data' in given && typeof given.data === 'string') return fromJson(given.data);
  const { heartbeat, monitor, ...rest } = given as Readonly<Record<string, unknown>>;
  return { ...rest, heartbeat: fromJson(heartbeat), monitor: fromJson(monitor) };
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function addressOf(monitor: Kuma['monitor']): string | undefined {
  const { url, hostname, port, type } = monitor ?? {};
  // What is no web address has this one, which leads nowhere.
  const address = url && url !== 'https://' ? url : hostname && `${hostname}${port ? `:${port}` : ''}`;
  return line(address, labelled('type', type));
}

/** Its `time` is UTC, without saying so. */
function timeOf({ time }: { readonly time?: string | null | undefined }): string | undefined {
  return time == null ? undefined : /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time.replace(' ', 'T')}Z`;
}
