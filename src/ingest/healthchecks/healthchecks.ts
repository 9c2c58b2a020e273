import * as z from 'zod';
import { type Delivery, defineAdapter } from '../adapter.ts';
import { NO_OPTIONS } from '../options.ts';
import { labelled, line, lines, short } from '../text/lines.ts';
import { link, links } from '../text/link.ts';
import { moment } from '../text/moment.ts';
import { stableKey } from '../text/stable-key.ts';
import { Word } from '../text/values.ts';

/**
 * Healthchecks has no body of its own: what docs/senders.md proposes, or its placeholder $JSON, or parameters of the
 * address.
 */
const HealthchecksSchema = z
  .object(
    {
      name: Word,
      status: Word,
      slug: Word,
      code: Word,
      uuid: Word,
      unique_key: Word,
      tags: z.union([Word, z.array(z.string()).transform((tags) => tags.join(' '))]).catch(undefined),
      desc: Word,
      now: Word,
      last_ping: Word,
      exitstatus: Word,
      body: Word,
      url: Word,
    },
    'Send the fields of the check as JSON, as a form or in the address.',
  )
  .refine(
    (check) => [check.name, check.slug, check.code, check.uuid, check.status].some((text) => text?.trim()),
    {
      path: ['name'],
      message: 'Send at least name and status: see docs/senders.md.',
    },
  );

/** Healthchecks' integration "webhook": a check that is up resolves that it was down. */
export const healthchecks = defineAdapter({
  example: { name: 'Nightly backup', status: 'down', code: '0c8983c9-9d73-446f-adb5-0641fdacc9d4' },
  options: NO_OPTIONS,
  schema: HealthchecksSchema,
  methods: ['POST', 'PUT', 'GET'],
  pick,
  map(check) {
    const name = check.name?.trim() || check.slug?.trim() || check.code || check.uuid || 'A check';
    const id = check.code ?? check.uuid ?? check.unique_key ?? check.slug ?? name;
    const isUp = check.status === 'up';
    // Its button "Test" makes up a check; nothing ever resolves it.
    const isTest = name === 'TEST';
    const changed = moment(check.now);
    return {
      alerts: [
        {
          title: `${name} is ${isUp ? 'up' : check.status || 'down'}`,
          message: lines(
            isUp ? '✅ up' : `🔴 ${check.status || 'down'}`,
            check.desc,
            line(labelled('last ping', moment(check.last_ping)), exitOf(check.exitstatus)),
            line(check.tags),
            check.body?.trim() ? short(check.body, 1_000) : undefined,
            changed === undefined ? undefined : `since ${changed}`,
          ),
          priority: isUp ? 'normal' : 'high',
          links: links(link('Check', check.url)),
          ...(isTest ? {} : { key: stableKey('healthchecks', id) }),
          ...(isUp && !isTest ? { resolve: 'if-open' as const } : {}),
          ...(check.now == null
            ? {}
            : { idempotencyKey: stableKey('healthchecks', id, check.status, check.now) }),
        },
      ],
    };
  },
});

/** The body counts for more than the address; a text as its body is what the check's last ping said. */
function pick({ body, query }: Delivery): unknown {
  if (typeof body === 'string') return body.trim() === '' ? query : { ...query, body };
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? { ...query, ...body }
    : (body ?? query);
}

/** -1 stands for none. */
function exitOf(status: string | null | undefined): string | undefined {
  return status === '-1' ? undefined : labelled('exit status', status);
}
