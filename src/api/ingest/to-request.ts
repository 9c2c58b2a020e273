import { ALERT_LIMITS } from '../../domain/alert.ts';
import { cutTo, hasVisible, readable } from '../../domain/readable-text.ts';
import type { IngestAlert } from '../../ingest/adapter.ts';
import type { Link } from '../../ingest/text/link.ts';
import { stableKey } from '../../ingest/text/stable-key.ts';
import type { AlertRequest } from '../../services/alerts/alert-request.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { createAlertSchema } from '../alerts/alert-schema.ts';
import { parseLeniently } from '../alerts/text-alerts.ts';
import { createDelay } from '../lenient/delay.ts';
import type { ReadInput } from '../lenient/field-reader.ts';

/**
 * What an adapter has made of a delivery, through the schema of POST /api/alert, so that the same limits hold; what that
 * refuses is left out, and said. Build it once: the schema compiles.
 */
export function createToRequest(clock: Clock): (alert: IngestAlert) => ReadInput<AlertRequest> {
  const schema = createAlertSchema(clock, 0);
  const readDelay = createDelay(clock);
  return ({ idempotencyKey: _, links = [], message, key, deliverAt, ...alert }) => {
    const warnings: string[] = [];
    const warn = (sentence: string) => void warnings.push(sentence);
    const [button, ...others] = links;
    const fields = {
      ...alert,
      ...withLinks(visible(message), alert.format ?? 'plain', others),
      ...(button === undefined ? {} : { url: button.url, urlTitle: button.title }),
      ...(deliverAt === undefined ? {} : { deliverAt: readDelay(deliverAt, warn, 'deliverAt') }),
      ...(key === undefined ? {} : { key: key.length > ALERT_LIMITS.key ? stableKey('long', key) : key }),
    };
    const read = parseLeniently(schema, fields, warn);
    return { input: read.input, warnings: [...warnings, ...read.warnings] };
  };
}

/** An alert without a text is an alert all the same. */
function visible(message: string): string {
  return hasVisible(readable(message)) ? message : '(no text)';
}

/**
 * One address is the button below the message; the others are words in its last line. A text for that is HTML, with all of
 * its own characters as they are.
 */
function withLinks(
  message: string,
  format: 'plain' | 'markdown' | 'html',
  links: readonly Link[],
): { readonly message: string; readonly format: typeof format } {
  const most = ALERT_LIMITS.message;
  if (links.length === 0 || format !== 'plain') return { message: cutTo(message, most), format };
  const line = links
    .map(({ title, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(title)}</a>`)
    .join(' · ');
  const html = `${escapeHtml(message)}\n${line}`;
  if (html.length <= most) return { message: html, format: 'html' };
  const addresses = links.map(({ title, url }) => `${title}: ${url}`).join('\n');
  return { message: `${cutTo(message, most - addresses.length - 1)}\n${addresses}`, format };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
