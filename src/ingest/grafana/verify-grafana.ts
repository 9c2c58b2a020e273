import type { Verify } from '../adapter.ts';
import { isHmacOf } from '../signature.ts';

/** Its default; it can be renamed there. */
const SIGNATURE = 'x-grafana-alerting-signature';
/** It has no default: these are the names that Grafana's documentation shows. */
const TIMESTAMPS = ['x-grafana-alerting-signature-timestamp', 'x-grafana-alerting-timestamp'];
/** A signature with a time, in seconds, is good for this long, in ms: nobody may send an old delivery again. */
const VALID_MS = 300_000;

/** Hex of the body's HMAC-SHA-256, or that of "timestamp:body" where it sends a timestamp (grafana/alerting, http/hmac.go). */
export const verifyGrafana: Verify = (rawBody, { headers }, secret, now) => {
  const timestamp = TIMESTAMPS.map((name) => headers[name]).find((given) => given !== undefined);
  if (timestamp === undefined) return isHmacOf([rawBody], secret, headers[SIGNATURE]);
  const age = Math.abs(now - Number(timestamp) * 1000);
  if (!(age <= VALID_MS)) return false;
  return isHmacOf([Buffer.from(`${timestamp}:`), rawBody], secret, headers[SIGNATURE]);
};
