import * as z from 'zod';
import { ALERT_PRIORITIES, type AlertPriority } from '../../domain/alert.ts';
import { cutTo } from '../../domain/readable-text.ts';
import { defineAdapter, type IngestAlert, type Reading } from '../adapter.ts';
import { lines } from '../text/lines.ts';
import { link, links } from '../text/link.ts';
import { Word } from '../text/values.ts';
import { describeJson } from './describe-json.ts';
import { faultOfTemplate, renderTemplate } from './template.ts';

/** Any JSON: its key's template says what it means. */
const AnySchema = z.unknown().refine((value) => value !== undefined && value !== '', 'Send JSON.');

/** Liquid; refused when the key is made rather than when an alert comes. */
const TemplateSchema = z.string('Send a string.').superRefine((template, context) => {
  const fault = faultOfTemplate(template);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});

/** What a template may write instead of a text: an object with the fields of POST /api/alert. */
const WrittenSchema = z.object({
  message: z.string(),
  title: Word,
  format: z.enum(['plain', 'markdown', 'html']).nullish().catch(undefined),
  priority: z
    .enum(ALERT_PRIORITIES as readonly [AlertPriority, ...AlertPriority[]])
    .nullish()
    .catch(undefined),
  tags: z.array(z.string()).nullish().catch(undefined),
  key: Word,
  resolve: z
    .union([z.boolean(), z.literal('if-open')])
    .nullish()
    .catch(undefined),
  url: Word,
  urlTitle: Word,
});

export const json = defineAdapter({
  example: { message: 'disk full', host: 'db1' },
  options: z.strictObject({ template: TemplateSchema }),
  schema: AnySchema,
  methods: ['POST', 'PUT'],
  map(body, { options }) {
    if (options.template === undefined) return { alerts: [describeJson(body)] };
    return byTemplate(options.template, body);
  },
});

/** A template that fails must not cost the alert: then it is shown as without one, and says so. */
function byTemplate(template: string, body: unknown): Reading {
  let written: string;
  try {
    written = renderTemplate(template, valuesOf(body)).trim();
  } catch {
    const described = describeJson(body);
    const message = lines(described.message, '(The template of this key failed: this is all that came.)');
    return { alerts: [{ ...described, message }] };
  }
  if (written === '') return { ignored: 'The template writes nothing for this.' };
  return { alerts: [alertOf(written)] };
}

/** The fields by their names, and all of it as `body`. */
function valuesOf(body: unknown): object {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return isObject ? { body, ...body } : { body };
}

function alertOf(written: string): IngestAlert {
  const fields = WrittenSchema.safeParse(jsonOf(written));
  if (!fields.success || fields.data.message.trim() === '') return { message: written };
  const { message, title, format, priority, tags, key, resolve, url, urlTitle } = fields.data;
  return {
    message,
    title: title ?? undefined,
    format: format ?? undefined,
    priority: priority ?? undefined,
    tags: tags ?? undefined,
    links: links(link(urlTitle ?? 'Open', url)),
    // Nothing is resolved without a key.
    ...(key == null || key === ''
      ? {}
      : { key: cutTo(key, 255), resolve: resolve === true ? 'if-open' : (resolve ?? false) }),
  };
}

function jsonOf(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
