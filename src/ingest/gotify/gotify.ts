import * as z from 'zod';
import type { AlertPriority } from '../../domain/alert.ts';
import { type Delivery, defineAdapter } from '../adapter.ts';
import { NO_OPTIONS } from '../options.ts';
import { link, links } from '../text/link.ts';
import { Word } from '../text/values.ts';

const Extras = z
  .object({
    'client::display': z.object({ contentType: Word }).nullish().catch(undefined),
    'client::notification': z
      .object({ click: z.object({ url: Word }).nullish().catch(undefined) })
      .nullish()
      .catch(undefined),
  })
  .nullish()
  .catch(undefined);

/** Gotify's POST /message. */
const GotifySchema = z.object(
  {
    message: z
      .string("Field 'message' is required")
      .refine((text) => text.trim() !== '', "Field 'message' is required"),
    title: Word,
    priority: z.coerce.number().nullish().catch(undefined),
    extras: Extras,
  },
  'Send JSON or a form.',
);

/** What is answered of ours. */
const PRIORITIES: Readonly<Record<string, number>> = { low: 1, normal: 5, high: 8 };

/** What Gotify's Android client does: up to 3 without a sound, from 8 with vibration. */
function priorityOf(priority: number): AlertPriority {
  if (priority >= 8) return 'high';
  return priority >= 4 ? 'normal' : 'low';
}

const GotifyMessage = z.object({
  id: z.int(),
  appid: z.int(),
  message: z.string(),
  title: z.string(),
  priority: z.int(),
  date: z.iso.datetime(),
});

const GotifyError = z.object({ error: z.string(), errorCode: z.int(), errorDescription: z.string() });

export const gotify = defineAdapter({
  example: { title: 'Backup', message: 'Exit code 23', priority: 8 },
  options: NO_OPTIONS,
  schema: GotifySchema,
  paths: ['/message', '/:key/message'],
  address: (key) => `/message?token=${key}`,
  credential: ({ headers, query }) => query.token ?? headers['x-gotify-key'],
  pick,
  map({ title, message, priority, extras }) {
    return {
      alerts: [
        {
          title: title ?? undefined,
          message,
          format: extras?.['client::display']?.contentType === 'text/markdown' ? 'markdown' : 'plain',
          // Its applications have a default priority, which is 0 where nobody has set one: not to be silent here.
          priority: priority == null ? 'normal' : priorityOf(priority),
          links: links(link('Open', extras?.['client::notification']?.click?.url)),
        },
      ],
    };
  },
  answers: { taken: GotifyMessage, refused: GotifyError },
  answer({ id, alert, now }) {
    return {
      id: numberOf(id),
      appid: 0,
      message: alert.message,
      title: alert.title ?? '',
      priority: PRIORITIES[alert.priority ?? 'normal'] ?? 5,
      date: new Date(now).toISOString(),
    };
  },
  refuse: ({ status, title, detail }) => ({ error: title, errorCode: status, errorDescription: detail }),
});

/** In the address or in the body. */
function pick({ body, query }: Delivery): unknown {
  const { token: _, ...parameters } = query;
  const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  return typeof body === 'string' && body.trim() !== '' ? body : { ...parameters, ...given };
}

/** Its ids are numbers: a part of ours, small enough for every client. */
function numberOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(-12), 16) % 2 ** 31;
}
