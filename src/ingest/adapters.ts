import { z } from 'zod';

/** A list, or one text with commas. */
const listOf = (most: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value),
    z
      .array(
        z.string('Send strings.').min(1, 'Send no empty one.').max(255, 'Send at most 255 characters each.'),
        {
          error: 'Send a list of strings.',
        },
      )
      .min(1, 'Send at least one.')
      .max(most, `Send at most ${most}.`),
  );

const SecretSchema = z
  .string('Send a string.')
  .min(8, 'Send at least 8 characters.')
  .max(256, 'Send at most 256 characters.');

/** Characters of all parts of a template. */
const TEMPLATE = 8_000;
const TemplateSchema = z
  .string('Send a string.')
  .min(1, 'Send a template.')
  .max(TEMPLATE, `Send at most ${TEMPLATE} characters.`);

export interface Adapter {
  /** What a key of it may be given. Unknown options are refused: a typing error must not leave a key without its secret. */
  readonly options: z.ZodType<Readonly<Record<string, unknown>>>;
  /** Where a tool with this key sends, below the service's address. */
  path(key: string): string;
}

const at = (name: string) => (key: string) => `/api/in/${name}/${key}`;
const NONE = z.strictObject({});

/** Every tool that alerts are taken from, under the name in its address: /api/in/<name>. */
export const ADAPTERS = {
  alertmanager: { options: NONE, path: at('alertmanager') },
  grafana: { options: z.strictObject({ secret: SecretSchema.optional() }), path: at('grafana') },
  github: {
    options: z.strictObject({
      secret: SecretSchema.optional(),
      only: listOf(20).optional(),
      branch: listOf(20).optional(),
      exclude_branch: listOf(20).optional(),
    }),
    path: at('github'),
  },
  'uptime-kuma': { options: NONE, path: at('uptime-kuma') },
  healthchecks: { options: NONE, path: at('healthchecks') },
  apprise: { options: NONE, path: at('apprise') },
  ntfy: { options: NONE, path: at('ntfy') },
  gotify: { options: NONE, path: (key: string) => `/api/in/gotify/message?token=${key}` },
  json: { options: z.strictObject({ template: TemplateSchema }), path: at('json') },
} as const satisfies Readonly<Record<string, Adapter>>;

export type AdapterName = keyof typeof ADAPTERS;

export const ADAPTER_NAMES = Object.keys(ADAPTERS) as readonly AdapterName[];

export function isAdapterName(name: string): name is AdapterName {
  return Object.hasOwn(ADAPTERS, name);
}
