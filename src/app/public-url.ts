import type { AddressInfo } from 'node:net';
import type { Config } from '../config/config.ts';

/** Where a process without the API guesses it: the contract's default. Its own port is that of health and metrics. */
const API_PORT = 3000;

/**
 * PUBLIC_URL, or what is likely: the address for the examples that the bot gives, without a trailing slash. `listening`: where this process's server
 * listens, once it does.
 */
export function publicUrl(
  config: Pick<Config, 'publicUrl' | 'webhook' | 'http' | 'roles'>,
  listening: Pick<AddressInfo, 'address' | 'port'> | undefined,
): string {
  if (config.publicUrl !== undefined) return config.publicUrl;
  if (config.webhook !== undefined) return new URL(config.webhook.url).origin;
  const address = listening?.address ?? config.http.host;
  const port = config.roles.has('api') ? (listening?.port ?? config.http.port) : API_PORT;
  // A server that listens everywhere is not reached as 0.0.0.0; its users know its name.
  const host = address === '0.0.0.0' || address === '::' ? 'your-server' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
