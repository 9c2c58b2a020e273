import type { AlertRecord } from '../domain/alert.ts';
import { firstAlertCurl } from '../domain/curl-examples.ts';
import type { Incident } from '../domain/incident.ts';
import type { Integration } from '../domain/integration.ts';
import { hasScope } from '../domain/scopes.ts';
import type { AcceptedAlert } from '../services/alerts/accept.ts';
import type { PreviewedAlerts } from '../services/alerts/preview.ts';
import type { Acknowledgement } from '../services/incidents/acknowledgements.ts';
import type { OpenedKey } from '../services/keys/keys.ts';

/** The answer to an alert that was taken in. `warnings`: what of the request was cut, left out or not known. */
export function presentAccepted(
  { id, remaining, folded }: AcceptedAlert,
  warnings: readonly string[],
): Record<string, unknown> {
  const queued = { id, status: 'queued', remaining, message: 'Alert enqueued' };
  const answer =
    folded === null ? queued : { ...queued, message: 'Alert folded into a message that is there', folded };
  return warnings.length === 0 ? answer : { ...answer, warnings };
}

/** The answer to an alert that had nothing to resolve. */
export function presentIgnored(warnings: readonly string[]): Record<string, unknown> {
  const answer = { status: 'ignored', message: 'There is no open incident with this key' };
  return warnings.length === 0 ? answer : { ...answer, warnings };
}

/** The answer to a tool that knows none of its own. */
export function presentDelivery(
  outcomes: readonly (AcceptedAlert | 'ignored')[],
  ignored: string | undefined,
  warnings: readonly string[],
): Record<string, unknown> {
  const alerts = outcomes.flatMap((outcome) => {
    if (outcome === 'ignored') return [];
    const { id, folded } = outcome;
    return [{ id, status: 'queued', ...(folded === null ? {} : { folded }) }];
  });
  const why =
    ignored ?? (outcomes.includes('ignored') ? 'Nothing is open that this would resolve.' : undefined);
  return {
    alerts,
    ...(why === undefined ? {} : { ignored: why }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** What alerts would look like. `isWhole`: who asks may know of the quota, too. Lengths in code points, as Telegram counts. */
export function presentPreview(
  { parts, cost, warnings, ...rest }: PreviewedAlerts,
  more: readonly string[],
  isWhole: boolean,
): Record<string, unknown> {
  const shown = parts.map(({ text, entities, document }) => ({
    ...{ text, entities, length: [...text].length },
    ...(document === undefined
      ? {}
      : { file: { name: document.filename, bytes: Buffer.byteLength(document.content) } }),
  }));
  return { parts: shown, cost, ...(isWhole ? rest : {}), warnings: [...more, ...warnings] };
}

/** What leaves of a ledger entry: no text, no internal ids. Times are ISO 8601. */
export function presentAlert(
  alert: AlertRecord & {
    readonly tags: readonly string[];
    readonly incident: Incident | null;
    readonly acknowledgement: Acknowledgement | null;
  },
): Record<string, unknown> {
  return {
    id: alert.id,
    status: alert.status,
    reason: alert.reason,
    priority: alert.priority,
    silent: alert.silent,
    format: alert.format,
    tags: alert.tags,
    threadId: alert.threadId,
    deliverAt: isoTime(alert.deliverAt),
    expiresAt: isoTime(alert.expiresAt),
    button: alert.hasButton,
    parts: alert.parts,
    partsDelivered: alert.messageIds.length,
    messageIds: alert.messageIds,
    folded: alert.folded,
    shown: alert.folded === null ? null : alert.shown,
    incident: alert.incident && presentIncident(alert.incident),
    acknowledgement: alert.acknowledgement && {
      at: isoTime(alert.acknowledgement.at),
      by: alert.acknowledgement.by,
    },
    remaining: alert.remaining,
    createdAt: isoTime(alert.createdAt),
    sendingAt: isoTime(alert.sendingAt),
    endedAt: isoTime(alert.endedAt),
  };
}

function presentIncident(incident: Incident): Record<string, unknown> {
  return {
    id: incident.id,
    status: incident.state,
    count: incident.count,
    openedAt: isoTime(incident.openedAt),
    lastAt: isoTime(incident.lastAt),
    resolvedAt: isoTime(incident.resolvedAt),
  };
}

/** What leaves of an integration: never the token's hash. `resetsAt` is epoch milliseconds. */
export function presentIntegration(integration: Integration, resetsAt: number): Record<string, unknown> {
  return {
    id: integration.id,
    chatId: integration.chatId,
    name: integration.name,
    scope: integration.scope,
    rateLimit: integration.rateLimit,
    dailyLimit: integration.dailyLimit,
    status: integration.status,
    showName: integration.showName,
    overflow: integration.overflow,
    acknowledge: integration.acknowledge,
    resetsAt: isoTime(resetsAt),
    expiresAt: isoTime(integration.expiresAt),
    unreachable:
      integration.unreachableSince === null
        ? null
        : { since: isoTime(integration.unreachableSince), reason: integration.unreachableReason },
    createdAt: isoTime(integration.createdAt),
    updatedAt: isoTime(integration.updatedAt),
  };
}

/** What to do with a new integration's token: a command to paste. Nothing for one that may not send. */
export function nextStep(
  { scope }: Integration,
  publicUrl: string,
  token: string,
): { next?: { readonly description: string; readonly curl: string } } {
  if (!hasScope(scope, 'alert:send')) return {};
  return { next: { description: 'Send an alert with this token:', curl: firstAlertCurl(publicUrl, token) } };
}

/** What leaves of a key: never the key itself, of its secret only that there is one. */
export function presentKey({ id, adapter, name, options, createdAt }: OpenedKey): Record<string, unknown> {
  const { secret, ...shown } = options;
  return {
    ...{ id, adapter, name },
    options: secret === undefined ? shown : { ...shown, secret: true },
    createdAt: isoTime(createdAt),
  };
}

function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
