import { ALERT_LIMITS, type AlertLink } from '../../domain/alert.ts';
import { parseUrl } from '../../domain/parse-url.ts';

export type Link = AlertLink & { readonly title: string };

/** A link, if the tool gave an address that can be one; most tools send an empty text where they have none. */
export function link(title: string, url: string | null | undefined): Link | undefined {
  const address = url?.trim() ?? '';
  if (address.length > ALERT_LIMITS.url || !/^https?:\/\/[^\s\p{Cc}]+$/iu.test(address)) return undefined;
  return parseUrl(address) === undefined ? undefined : { title, url: address };
}

/** Those that are links, each address once. */
export function links(...found: readonly (Link | undefined)[]): Link[] {
  const seen = new Set<string>();
  return found.flatMap((one) => {
    if (one === undefined || seen.has(one.url)) return [];
    seen.add(one.url);
    return [one];
  });
}
