import * as z from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { ALERT_LIMITS } from '../../domain/alert.ts';
import { createAlertFields } from '../alerts/alert-schema.ts';
import { AcceptedAnswer, AlertAnswer, PreviewAnswer, ResentAnswer } from './answers.ts';
import { BY_TOKEN, OF_ALERTS, type Refusals, WITH_BODY } from './refusals.ts';

/** What a field means, for whoever sends it. */
const FIELDS: Readonly<Record<string, string>> = {
  message: 'The text: at most 100,000 characters. What is more than four messages arrives as a file.',
  title: `Bold, above the message. Cut after ${ALERT_LIMITS.title} characters.`,
  format: 'How the message is written. Markup that is none is shown as it was written.',
  priority: "low is silent, high goes ahead of the chat's other alerts. Also 1 to 5, min to urgent.",
  silent: 'Without a sound.',
  url: 'A button below the message.',
  urlTitle: 'The text of that button.',
  tags: `Hashtags below the message: at most ${ALERT_LIMITS.tags}.`,
  ttl: 'Seconds after which it is not worth sending any more.',
  deliverAt: 'When to send it: an ISO 8601 time at most 7 days ahead.',
  threadId: 'A topic of a forum.',
  key: 'Alerts with the same key are one message, until one resolves it.',
  acknowledge: 'A button below the message, by which somebody takes it on.',
  resolve: 'Ends the incident of the key. "if-open": does nothing without one.',
  chatId: "Must be the token's.",
};

function alertFields() {
  // The document is about the form of the fields: no time is compared.
  const { shape } = createAlertFields({ now: () => 0 }, 0);
  const described = Object.entries(shape).map(([name, schema]) => [
    name,
    schema.meta({ description: FIELDS[name] ?? name }),
  ]);
  return z.object(Object.fromEntries(described)).meta({ id: 'NewAlert' });
}

const DRY_RUN = z.object({
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'true: shows what would be sent, and sends nothing.' }),
});
const ACK_WAIT = z
  .literal('ack')
  .optional()
  .meta({ description: 'Answers when somebody has acknowledged it, or its incident is resolved.' });
const ACK_SECONDS = z
  .string()
  .regex(/^\d{1,2}$/)
  .optional()
  .meta({ description: 'With wait=ack, for so long at most: 1 to 60.', example: '30' });
const ALERT_ID = z.object({
  id: z.string().meta({ description: 'Of the alert.', example: '0197a4c2-5b1e-7c3a-9f0d-2f6f3f1b9a10' }),
});
const EXAMPLE = { message: 'Disk of db1 is 95 % full', title: 'db1', priority: 'high', key: 'disk-db1' };
const ACCEPTED = {
  id: '0197a4c2-5b1e-7c3a-9f0d-2f6f3f1b9a10',
  ...{ status: 'queued', remaining: 9, message: 'Alert enqueued' },
};

function body(schema: z.ZodType) {
  return {
    required: true,
    content: {
      'application/json': { schema, examples: { alert: { value: EXAMPLE } } },
      'text/plain': { schema: z.string().meta({ description: 'The message.' }), example: 'disk full' },
      'application/x-www-form-urlencoded': { schema },
    },
  };
}

function take(operationId: string, schema: z.ZodType, refusals: Refusals): ZodOpenApiOperationObject {
  return {
    operationId,
    summary: 'Send an alert',
    description:
      'JSON, a form, or a text that is the message; further fields of a text come from the address or from headers, by ntfy’s names too.',
    tags: ['alerts'],
    requestParams: {
      query: DRY_RUN.extend({ wait: ACK_WAIT, seconds: ACK_SECONDS }),
      header: z.object({
        'Idempotency-Key': z
          .string()
          .max(ALERT_LIMITS.idempotencyKey)
          .optional()
          .meta({ description: 'Any text: within 24 hours a repeat gets the first answer.' }),
        Prefer: z.string().optional().meta({
          description: 'wait=<seconds>: answers when the alert has ended, after 60 s at the latest.',
          example: 'wait=5',
        }),
      }),
    },
    requestBody: body(schema),
    responses: {
      '200': {
        description: 'With `?dryRun=true`: what would be sent.',
        content: { 'application/json': { schema: PreviewAnswer } },
      },
      '202': {
        description: 'Durably queued, folded into a message that is there, or with nothing to resolve.',
        headers: {
          Location: { schema: { type: 'string' }, description: 'Of the ledger entry.' },
          'Idempotency-Replayed': {
            schema: { type: 'string' },
            description: 'true: the first answer again.',
          },
        },
        content: {
          'application/json': { schema: AcceptedAnswer, examples: { queued: { value: ACCEPTED } } },
        },
      },
      ...refusals([...BY_TOKEN, ...WITH_BODY, ...OF_ALERTS]),
    },
  };
}

/** The calls about alerts. */
export function alertPaths(refusals: Refusals): ZodOpenApiPathsObject {
  const schema = alertFields();
  return {
    '/api/alert': { post: take('sendAlert', schema, refusals), put: take('putAlert', schema, refusals) },
    '/api/preview': {
      post: {
        operationId: 'previewAlert',
        summary: 'See what an alert would become',
        tags: ['alerts'],
        requestParams: { query: DRY_RUN },
        requestBody: body(schema),
        responses: {
          '200': {
            description: 'The messages; nothing was sent.',
            content: { 'application/json': { schema: PreviewAnswer } },
          },
          ...refusals([...BY_TOKEN, ...WITH_BODY, 'chat_mismatch', 'integration_not_active']),
        },
      },
    },
    '/api/alerts/{id}': {
      get: {
        operationId: 'getAlert',
        summary: 'What became of an alert',
        tags: ['alerts'],
        requestParams: {
          path: ALERT_ID,
          query: z.object({
            wait: z
              .string()
              .regex(/^(\d{1,2}|ack)$/)
              .optional()
              .meta({
                description: 'Seconds to wait for its end, 0 to 60; or `ack`, until it is acknowledged.',
                example: '30',
              }),
            seconds: ACK_SECONDS,
          }),
        },
        responses: {
          '200': {
            description: 'The ledger entry.',
            content: { 'application/json': { schema: AlertAnswer } },
          },
          ...refusals([...BY_TOKEN, 'invalid_request', 'not_found']),
        },
      },
    },
    '/api/alerts/{id}/acknowledge': {
      post: {
        operationId: 'acknowledgeAlert',
        summary: 'Take an alert on, as a program',
        tags: ['alerts'],
        requestParams: { path: ALERT_ID },
        responses: {
          '200': {
            description: 'The ledger entry.',
            content: { 'application/json': { schema: AlertAnswer } },
          },
          ...refusals([...BY_TOKEN, 'invalid_request', 'not_found']),
        },
      },
    },
    '/api/alerts/{id}/resend': {
      post: {
        operationId: 'resendAlert',
        summary: 'Send a failed or uncertain alert again',
        tags: ['alerts'],
        requestParams: { path: ALERT_ID },
        responses: {
          '202': { description: 'Queued again.', content: { 'application/json': { schema: ResentAnswer } } },
          ...refusals([
            ...BY_TOKEN,
            ...(['invalid_request', 'integration_not_active', 'not_found', 'not_resendable'] as const),
            ...(['queue_full', 'chat_queue_full', 'schedule_full', 'chat_schedule_full'] as const),
            'queue_unavailable',
          ]),
        },
      },
    },
  };
}
