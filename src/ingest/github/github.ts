import * as z from 'zod';
import { type Delivery, defineAdapter, type Reading } from '../adapter.ts';
import { FilterSchema, SecretSchema } from '../options.ts';
import { isHmacOf } from '../signature.ts';
import { stableKey } from '../text/stable-key.ts';
import { type Filters, filtersOf, type GithubKind } from './filters.ts';
import { type GithubEvent, type GithubRepository, GithubSchema } from './github-schema.ts';
import { readPush } from './push.ts';
import { readRelease } from './release.ts';
import { readSecurityAlert } from './security-alert.ts';
import { readWorkflowRun } from './workflow-run.ts';

type ReadEvent = (event: GithubEvent, repository: GithubRepository, filters: Filters) => Reading;

/** GitHub's names of what is read. */
const EVENTS: Readonly<Record<string, readonly [GithubKind, ReadEvent]>> = {
  workflow_run: ['workflow_run', readWorkflowRun],
  release: ['release', readRelease],
  push: ['push', readPush],
  dependabot_alert: ['security', readSecurityAlert('Dependabot')],
  code_scanning_alert: ['security', readSecurityAlert('Code scanning')],
  secret_scanning_alert: ['security', readSecurityAlert('Secret scanning')],
};

/** GitHub's webhooks, as JSON or as a form: failed workflow runs, releases, security alerts, pushes to the default branch. */
export const github = defineAdapter({
  example: {
    action: 'completed',
    repository: { full_name: 'octo-org/octo-repo', default_branch: 'main' },
    workflow_run: {
      conclusion: 'failure',
      head_branch: 'main',
      workflow_id: 7,
      html_url: 'https://github.com/octo-org/octo-repo/actions/runs/1',
    },
  },
  options: z.strictObject({
    secret: SecretSchema,
    only: FilterSchema,
    branch: FilterSchema,
    exclude_branch: FilterSchema,
  }),
  schema: GithubSchema,
  pick: ({ body }) => payloadOf(body),
  verify: (rawBody, { headers }, secret) => {
    const [scheme, hex] = (headers['x-hub-signature-256'] ?? '').split('=');
    return scheme === 'sha256' && isHmacOf([rawBody], secret, hex);
  },
  map(event, delivery) {
    const reading = readEvent(event, delivery);
    const id = delivery.headers['x-github-delivery'];
    if ('ignored' in reading || id === undefined) return reading;
    const idempotencyKey = stableKey('github', id);
    return { alerts: reading.alerts.map((alert) => ({ ...alert, idempotencyKey })) };
  },
});

function readEvent(
  event: GithubEvent,
  delivery: Pick<Delivery, 'headers'> & Parameters<typeof filtersOf>[0],
): Reading {
  const name = delivery.headers['x-github-event'] ?? '';
  const known = Object.hasOwn(EVENTS, name) ? EVENTS[name] : undefined;
  if (name === 'ping') return { ignored: 'GitHub has introduced itself: there is nothing to tell.' };
  if (known === undefined) return { ignored: 'This event is not reported.' };
  if (event.repository == null) return { ignored: 'This event is of no repository.' };
  const [kind, read] = known;
  const filters = filtersOf(delivery);
  if (!filters.takes(kind)) return { ignored: 'This kind of event is left out by only.' };
  return read(event, event.repository, filters);
}

/** The content type "application/x-www-form-urlencoded" puts the JSON into a field. */
function payloadOf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('payload' in body)) return body;
  if (typeof body.payload !== 'string') return body;
  try {
    return JSON.parse(body.payload);
  } catch {
    return undefined;
  }
}
