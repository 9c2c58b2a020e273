import * as z from 'zod';
import { ALERT_FORMATS, ALERT_PRIORITIES, ALERT_STATUSES } from '../../domain/alert.ts';
import { OVERFLOWS } from '../../domain/digest.ts';

// What leaves the service, as presenters.ts makes it; the contract test holds both together.

const Time = z.iso.datetime();
const Id = z.uuid();
const Warnings = z.array(z.string()).optional().meta({ description: 'What was cut, left out or not known.' });
const Folded = z
  .enum(['incident', 'digest'])
  .meta({ description: 'It went into a message that is there already.' });

const IncidentSchema = z
  .object({
    id: Id,
    status: z.enum(['open', 'acknowledged', 'resolved', 'stale']),
    count: z.int(),
    openedAt: Time,
    lastAt: Time,
    resolvedAt: Time.nullable(),
  })
  .meta({ id: 'Incident' });

export const AlertAnswer = z
  .object({
    id: Id,
    status: z.enum(ALERT_STATUSES),
    reason: z.string().nullable(),
    priority: z.enum(ALERT_PRIORITIES),
    silent: z.boolean(),
    format: z.enum(ALERT_FORMATS),
    tags: z.array(z.string()),
    threadId: z.int().nullable(),
    deliverAt: Time.nullable(),
    expiresAt: Time.nullable(),
    button: z.boolean(),
    parts: z.int().nullable(),
    partsDelivered: z.int(),
    messageIds: z.array(z.int()),
    folded: Folded.nullable(),
    shown: z.boolean().nullable(),
    incident: IncidentSchema.nullable(),
    acknowledgement: z
      .object({ at: Time, by: z.string().meta({ description: 'A name, `api`, or `anonymous admin`.' }) })
      .nullable()
      .meta({ description: 'Who has taken it on.' }),
    remaining: z.int(),
    createdAt: Time,
    sendingAt: Time.nullable(),
    endedAt: Time.nullable(),
  })
  .meta({ id: 'Alert', description: 'An entry of the ledger: what became of an alert, without its text.' });

export const AcceptedAnswer = z
  .union([
    z.object({
      id: Id,
      status: z.enum(ALERT_STATUSES),
      remaining: z.int().meta({ description: 'Alerts left today.' }),
      message: z.string(),
      folded: Folded.optional(),
      warnings: Warnings,
      alert: AlertAnswer.optional().meta({
        description: 'With "Prefer: wait" or ?wait=ack: what became of it.',
      }),
    }),
    z.object({ status: z.literal('ignored'), message: z.string(), warnings: Warnings }),
  ])
  .meta({ id: 'Accepted' });

export const PreviewAnswer = z
  .object({
    parts: z.array(
      z.object({
        text: z.string(),
        entities: z.array(z.looseObject({ type: z.string(), offset: z.int(), length: z.int() })),
        length: z.int().meta({ description: 'Code points, as Telegram counts.' }),
        file: z.object({ name: z.string(), bytes: z.int() }).optional(),
      }),
    ),
    cost: z.int().meta({ description: 'Units of the quota.' }),
    remaining: z.int().optional(),
    silent: z.boolean().optional(),
    key: z.string().nullable().optional(),
    resolve: z.union([z.boolean(), z.literal('if-open')]).optional(),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Preview', description: 'What would be sent. Through a key only parts, cost and warnings.' });

export const ResentAnswer = z.object({ id: Id, status: z.enum(ALERT_STATUSES), message: z.string() });

const IntegrationSchema = z
  .object({
    id: z.int(),
    chatId: z.int(),
    name: z.string(),
    scope: z.string(),
    rateLimit: z.int().meta({ description: 'Alerts left today.' }),
    dailyLimit: z.int(),
    status: z.enum(['pending', 'active', 'revoked']),
    showName: z.boolean(),
    overflow: z.enum(OVERFLOWS),
    acknowledge: z.boolean(),
    resetsAt: Time.nullable(),
    expiresAt: Time.nullable(),
    unreachable: z.object({ since: Time.nullable(), reason: z.string().nullable() }).nullable(),
    createdAt: Time.nullable(),
    updatedAt: Time.nullable(),
  })
  .meta({ id: 'Integration' });

export const IntegrationAnswer = z.object({ integration: IntegrationSchema, warnings: Warnings });
export const IntegrationsAnswer = z.object({ integrations: IntegrationSchema });
const Token = z.string().meta({ description: 'Shown this once.' });
export const CreatedAnswer = z.object({
  integration: IntegrationSchema,
  token: Token,
  next: z.object({ description: z.string(), curl: z.string() }).optional(),
  warnings: Warnings,
});

const KeySchema = z
  .object({
    id: z.int(),
    adapter: z.string(),
    name: z.string(),
    options: z.record(z.string(), z.unknown()).meta({ description: 'Of a secret only that there is one.' }),
    createdAt: Time.nullable(),
  })
  .meta({ id: 'Key' });
export const KeysAnswer = z.object({ keys: z.array(KeySchema) });
export const RotatedAnswer = z.object({
  integration: IntegrationSchema,
  token: Token,
  keys: z.array(KeySchema).optional().meta({ description: 'The keys that live on.' }),
  warnings: Warnings,
});
export const MadeKeyAnswer = KeySchema.extend({
  key: Token,
  url: z.string().meta({ description: 'Where the tool sends: absolute with PUBLIC_URL, else a path.' }),
  warnings: Warnings,
}).meta({ id: 'MadeKey' });

export const DeliveryAnswer = z
  .object({
    alerts: z.array(z.object({ id: Id, status: z.literal('queued'), folded: Folded.optional() })),
    ignored: z.string().optional().meta({ description: 'Why there is no alert.' }),
    warnings: Warnings,
  })
  .meta({ id: 'Delivery', description: 'The answer to a tool that knows none of its own.' });
