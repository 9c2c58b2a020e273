import type { Verify } from '../adapter.ts';
import { isHmacOf } from '../signature.ts';

/** The headers that Grafana suggests; they can be renamed there. */
const SIGNATURE = 'x-grafana-alerting-signature';
const TIMESTAMP = 'x-grafana-alerting-timestamp';
/** A signature with a time, in seconds, is good for this long, in ms: nobody may send an old delivery again. */
const VALID_MS = 300_000;

/** Hex of the body's HMAC-SHA-256, or that of "timestamp:body" where the contact point sends a timestamp. */
export const verifyGrafana: Verify = (rawBody, { headers }, secret, now) => {
  const timestamp = headers[TIMESTAMP];
  if (timestamp === undefined) return isHmacOf([rawBody], secret, headers[SIGNATURE]);
  const age = Math.abs(now - Number(timestamp) * 1000);
  if (!(age <= VALID_MS)) return false;
  return isHmacOf([Buffer.from(`${timestamp}:`), rawBody], secret, headers[SIGNATURE]);
};
