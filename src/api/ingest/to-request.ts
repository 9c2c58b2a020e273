import { ALERT_LIMITS, type AlertLink } from '../../domain/alert.ts';
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
    const [button, ...others] = links.slice(0, ALERT_LIMITS.links);
    const fields = {
      ...alert,
      message: cutTo(visible(message), ALERT_LIMITS.message),
      ...(button === undefined ? {} : { url: button.url, urlTitle: button.title }),
      ...(deliverAt === undefined ? {} : { deliverAt: readDelay(deliverAt, warn, 'deliverAt') }),
      ...(key === undefined ? {} : { key: key.length > ALERT_LIMITS.key ? stableKey('long', key) : key }),
    };
    const read = parseLeniently(schema, fields, warn);
    const moreLinks = others.length === 0 ? {} : { moreLinks: others.map(toButton) };
    return { input: { ...read.input, ...moreLinks }, warnings: [...warnings, ...read.warnings] };
  };
}

/** An alert without a text is an alert all the same. */
function visible(message: string): string {
  return hasVisible(readable(message)) ? message : '(no text)';
}

/** As a button has it. */
function toButton({ title, url }: Link): AlertLink {
  return { title: cutTo(readable(title), ALERT_LIMITS.urlTitle), url };
}
