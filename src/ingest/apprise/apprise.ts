import * as z from 'zod';
import type { AlertFormat, AlertPriority } from '../../domain/alert.ts';
import { defineAdapter } from '../adapter.ts';
import { NO_OPTIONS } from '../options.ts';
import { lines } from '../text/lines.ts';
import { Word } from '../text/values.ts';

/** json:// and form:// of Apprise (`message`), and the `notify` of the Apprise API (`body`). */
const AppriseSchema = z
  .object(
    {
      version: Word,
      title: Word,
      message: Word,
      body: Word,
      type: Word,
      format: Word,
      tag: Word,
      attachments: z.array(z.unknown()).nullish().catch(undefined),
    },
    "Send Apprise's JSON, or its form.",
  )
  .refine(({ title, message, body }) => [title, message, body].some((text) => text?.trim()), {
    path: ['message'],
    message: 'Send a message or a body.',
  });

const TYPES: Readonly<Record<string, { readonly priority: AlertPriority; readonly mark: string }>> = {
  failure: { priority: 'high', mark: '🔴' },
  warning: { priority: 'normal', mark: '🟠' },
  success: { priority: 'normal', mark: '✅' },
};
const FORMATS: Readonly<Record<string, AlertFormat>> = { markdown: 'markdown', html: 'html' };

const AppriseTaken = z.object({ alerts: z.array(z.object({ id: z.uuid(), status: z.literal('queued') })) });

export const apprise = defineAdapter({
  example: { version: '1.0', title: 'Backup', message: 'Exit code 23', type: 'failure' },
  options: NO_OPTIONS,
  schema: AppriseSchema,
  paths: ['', '/notify/:key', '/:key'],
  answers: { taken: AppriseTaken },
  // To the client of the Apprise API (apprise://) all but 200 is a failure, also a 202.
  answer: ({ id }) => ({ alerts: [{ id, status: 'queued' }] }),
  map({ title, message, body, type, format, attachments }) {
    const { priority, mark } = TYPES[type ?? ''] ?? { priority: 'normal', mark: undefined };
    const count = attachments?.length ?? 0;
    const text = [message, body].find((one) => one?.trim()) ?? title ?? '';
    const heading = title?.trim() && title !== text ? title.trim() : undefined;
    // A mark in front of the text could change what it is in Markdown.
    const marked = heading === undefined || mark === undefined ? heading : `${mark} ${heading}`;
    return {
      alerts: [
        {
          title: marked,
          message: lines(
            text,
            count > 0 && `(${count === 1 ? 'An attachment was' : `${count} attachments were`} left out.)`,
          ),
          format: FORMATS[format ?? ''] ?? 'plain',
          priority,
        },
      ],
    };
  },
});
