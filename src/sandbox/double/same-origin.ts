import type { IncomingMessage } from 'node:http';

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Guards pages that have no login because they listen on loopback only: against pages of other origins in the same
 * browser, and against names that an attacker points at 127.0.0.1 (DNS rebinding).
 * @returns why the request is refused, or undefined
 */
export function refusalOf(req: IncomingMessage): string | undefined {
  const host = req.headers.host ?? '';
  if (!LOOPBACK_HOST.test(host)) return 'Open this page as localhost or 127.0.0.1';
  if (req.method === 'GET' || req.method === 'HEAD') return undefined;
  const origin = req.headers.origin;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    return 'Requests from other origins are refused';
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'Requests from other sites are refused';
  // A form of another site cannot send this type without asking first.
  if (!/^application\/json\b/i.test(req.headers['content-type'] ?? ''))
    return 'Content-Type must be application/json';
  return undefined;
}
