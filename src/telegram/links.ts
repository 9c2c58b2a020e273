import { parseUrl } from '../domain/parse-url.ts';

/** Longest address that is made a link, in characters; longer ones are shown as text. Browsers take about as much. */
const MAX_URL_LENGTH = 2_048;

/**
 * True if Telegram takes the address for a button or a text link: tg:, or http(s) with a host that has a dot or is an
 * IPv6 address. It answers "Wrong HTTP URL" to `http://localhost` or `http://grafana:3000`, and a refused button would
 * cost the whole message.
 */
export function isLinkable(address: string): boolean {
  const url = address.length > MAX_URL_LENGTH ? undefined : parseUrl(address);
  if (url === undefined) return false;
  if (url.protocol === 'tg:') return true;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  const host = url.hostname.replace(/\.$/, '');
  return host.includes('.') || host.startsWith('[');
}

/**
 * What to show after a link's text so that its address is not lost: nothing if it became a link or shows the address
 * already, else the address.
 * @param isLink whether the address is an entity
 */
export function shownAddress(text: string, address: string, isLink: boolean): string {
  if (text === '') return address;
  if (isLink || address === '' || address === text || address === `mailto:${text}`) return '';
  return ` (${address})`;
}
