import * as z from 'zod';
import { ALERT_FORMATS, ALERT_LIMITS, ALERT_PRIORITIES } from '../../domain/alert.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import type { BodySchema } from '../../http/json-body.ts';
import type { AlertRequest } from '../../services/alerts/alert-request.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { ChatIdSchema, optional, text } from '../fields.ts';
import { behindReader, type ReadInput } from '../lenient/field-reader.ts';
import { readAlertFields } from './alert-fields.ts';

const TTL = `Send whole seconds, 1 to ${ALERT_LIMITS.ttlSeconds} (7 days).`;
const URL_MESSAGE = 'Send an http, https or tg URL without spaces.';
const THREAD = 'Send the id of a forum topic, a whole number above 0.';
const TAGS = `Send a list of at most ${ALERT_LIMITS.tags} tags.`;

const KEY = `Send a string of 1 to ${ALERT_LIMITS.key} characters.`;
const RESOLVE = 'Send true, false or "if-open".';

const STRING = 'Send a string.';

const UrlSchema = z.string(STRING).refine(isButtonUrl, URL_MESSAGE);

/**
 * The schema of POST /api/alert, behind the lenient reading of its fields. Build it once: it compiles, to code that
 * leaves nothing behind but its result (the parser's own bookkeeping of cycles cost a fifth of the garbage of a request).
 * `latenessMs`: how far in the past `deliverAt` may be.
 */
export function createAlertSchema(clock: Clock, latenessMs: number): BodySchema<ReadInput<AlertRequest>> {
  const FieldsSchema = createAlertFields(clock, latenessMs);
  // Even if other fields are at fault: all faults are reported together.
  const when = ({ value }: { readonly value: unknown }) => typeof value === 'object' && value !== null;
  const AlertSchema = FieldsSchema.refine(hasKeyToResolve, {
    path: ['resolve'],
    message: 'resolve ends the incident of a key. Send key too.',
    when,
  }).refine(isNoIncidentToCome, {
    path: ['key'],
    message: 'An incident is now: send key without deliverAt.',
    when,
  });
  const CompiledSchema = z.compile(FieldsSchema, { strict: true });
  return behindReader(readAlertFields, {
    safeParse(fields) {
      const result = CompiledSchema.safeParse(fields);
      const isConsistent = result.success && hasKeyToResolve(result.data) && isNoIncidentToCome(result.data);
      return isConsistent ? result : AlertSchema.safeParse(fields);
    },
  });
}

/** The fields alone; what several of them must agree on is in the schema above. */
export function createAlertFields(clock: Clock, latenessMs: number) {
  const DeliverAtSchema = z.iso
    .datetime({
      offset: true,
      error: 'Send an ISO 8601 time with an offset, such as 2030-01-31T08:00:00+01:00.',
    })
    .transform((value) => Date.parse(value))
    .superRefine((time, context) => {
      const now = clock.now();
      if (time > now - latenessMs && time <= now + ALERT_LIMITS.deliverAheadMs) return;
      const clockSays = `The service's clock says ${new Date(now).toISOString()}.`;
      context.addIssue({
        code: 'custom',
        message:
          time > now
            ? `Send a time at most 7 days ahead. ${clockSays}`
            : `Send a time in the future. ${clockSays}`,
      });
    });

  const FieldsSchema = z.object(
    {
      message: text(ALERT_LIMITS.message),
      // Cleaned and cut by now, as are urlTitle and the tags.
      title: optional(z.string(STRING)),
      format: z
        .enum(ALERT_FORMATS, oneOf(ALERT_FORMATS))
        .nullish()
        .transform((value) => value ?? 'plain'),
      priority: z
        .enum(ALERT_PRIORITIES, oneOf(ALERT_PRIORITIES))
        .nullish()
        .transform((value) => value ?? 'normal'),
      silent: z
        .boolean('Send true or false.')
        .nullish()
        .transform((value) => value ?? false),
      url: optional(UrlSchema),
      urlTitle: optional(z.string(STRING)),
      tags: optional(z.array(z.string(STRING), TAGS)),
      ttl: optional(z.int(TTL).min(1, TTL).max(ALERT_LIMITS.ttlSeconds, TTL)),
      deliverAt: optional(DeliverAtSchema),
      threadId: optional(z.int(THREAD).min(1, THREAD)),
      key: optional(z.string(KEY).min(1, KEY).max(ALERT_LIMITS.key, KEY)),
      resolve: optional(z.union([z.boolean(), z.literal('if-open')], RESOLVE)),
      acknowledge: optional(z.boolean('Send true or false.')),
      chatId: optional(ChatIdSchema),
    },
    'Send a JSON object.',
  );
  return FieldsSchema;
}

function hasKeyToResolve(alert: { readonly key?: unknown; readonly resolve?: unknown }): boolean {
  return isAbsent(alert.resolve) || alert.resolve === false || !isAbsent(alert.key);
}

function isNoIncidentToCome(alert: { readonly key?: unknown; readonly deliverAt?: unknown }): boolean {
  return isAbsent(alert.key) || isAbsent(alert.deliverAt);
}

function oneOf(names: readonly string[]): string {
  return `Send one of: ${names.join(', ')}.`;
}

function isButtonUrl(value: string): boolean {
  if (!/^(?:https?|tg):\/\/[^\s\p{Cc}]+$/iu.test(value)) return false;
  return parseUrl(value) !== undefined;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
