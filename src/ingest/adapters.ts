import type { Adapter } from './adapter.ts';
import { alertmanager } from './alertmanager/alertmanager.ts';
import { apprise } from './apprise/apprise.ts';
import { github } from './github/github.ts';
import { gotify } from './gotify/gotify.ts';
import { grafana } from './grafana/grafana.ts';
import { healthchecks } from './healthchecks/healthchecks.ts';
import { json } from './json/json.ts';
import { ntfy } from './ntfy/ntfy.ts';
import { uptimeKuma } from './uptime-kuma/uptime-kuma.ts';

/** Every tool that alerts are taken from, under the name in its address: /api/in/<name>. */
export const ADAPTERS = {
  alertmanager,
  grafana,
  github,
  'uptime-kuma': uptimeKuma,
  healthchecks,
  apprise,
  ntfy,
  gotify,
  json,
} as const satisfies Readonly<Record<string, Adapter>>;

export type AdapterName = keyof typeof ADAPTERS;

export const ADAPTER_NAMES = Object.keys(ADAPTERS) as readonly AdapterName[];

/** Where a tool with this key of the adapter's sends, below the service's address. */
export function pathFor(adapter: AdapterName, key: string): string {
  return `/api/in/${adapter}${ADAPTERS[adapter].address(key)}`;
}

export function isAdapterName(name: string): name is AdapterName {
  return Object.hasOwn(ADAPTERS, name);
}

/** Those that need no options: a key of theirs is made with a press of a button. */
export const FREE_ADAPTERS = ADAPTER_NAMES.filter((name) => ADAPTERS[name].options.safeParse({}).success).map(
  (name) => ({ name, path: (key: string) => pathFor(name, key) }),
);
