import { parseUrl } from '../domain/parse-url.ts';

/** A proxy for the calls to Telegram. */
export interface ProxyAddress {
  /** With user and password, if it wants them. */
  readonly url: string;
  /** The same without them: for the log. */
  readonly shown: string;
}

/** SOCKS: 5 in each case; `socks5h` and `socks` leave the look-up of the name to the proxy. */
const PROTOCOLS: readonly string[] = ['http:', 'https:', 'socks5:', 'socks5h:', 'socks:'];
export const PROXY_URL_FORMS =
  'must be an http://, https://, socks5:// or socks5h:// URL of a proxy, without a path (special characters of the password as %XX)';

/** Without a scheme it is http://, as other programs read it. @throws RangeError */
export function parseProxyUrl(text: string): ProxyAddress {
  const written = text.includes('://') ? text : `http://${text}`;
  const url = parseUrl(written);
  const isProxy =
    url !== undefined && PROTOCOLS.includes(url.protocol) && url.hostname !== '' && isDecodable(url);
  if (!isProxy || url.search !== '' || url.hash !== '' || !['', '/'].includes(url.pathname)) {
    throw new RangeError(PROXY_URL_FORMS);
  }
  return { url: url.href, shown: `${url.protocol}//${url.host}` };
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** What of a proxy's URL no log may show: its password, as written and as meant. */
export function proxySecrets(text: string): string[] {
  const { url } = parseProxyUrl(text);
  const { password } = new URL(url);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}

/**
 * The proxy that leads to `apiRoot`, by the rules of curl and others: HTTPS_PROXY for an https:// address, else ALL_PROXY,
 * and none where NO_PROXY names the host.
 */
export function chooseProxy(
  apiRoot: string,
  settings: {
    readonly HTTPS_PROXY: ProxyAddress | undefined;
    readonly ALL_PROXY: ProxyAddress | undefined;
    readonly NO_PROXY: string | undefined;
  },
): ProxyAddress | undefined {
  const { protocol, hostname, port } = new URL(apiRoot);
  const isTls = protocol === 'https:';
  if (isExcepted(hostname, port === '' ? (isTls ? '443' : '80') : port, settings.NO_PROXY ?? ''))
    return undefined;
  return (isTls ? settings.HTTPS_PROXY : undefined) ?? settings.ALL_PROXY;
}

/** NO_PROXY: `*`, or names and addresses, with or without a port; a name covers those below it. */
function isExcepted(hostname: string, port: string, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', ofPort] = /^(?:\*?\.)?(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (name === '' || (ofPort !== undefined && ofPort !== port)) return false;
      const bare = hostname.replace(/^\[|\]$/g, '');
      const excepted = name.replace(/^\[|\]$/g, '');
      return bare === excepted || bare.endsWith(`.${excepted}`);
    });
}
