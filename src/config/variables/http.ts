import { integer, pattern, publicUrl, text } from '../formats.ts';
import type { Variable } from './variable.ts';

/** Who reaches the service over HTTP, and how it knows them. */
export const HTTP = {
  HOST: {
    schema: pattern(/^[A-Za-z0-9.:_-]+$/, 'must be an IP address or a host name'),
    type: 'IP address or host name',
    fallback: null,
    absent: '127.0.0.1 in the sandbox, otherwise 0.0.0.0',
    example: '127.0.0.1',
    about: 'The address the HTTP server listens on. The sandbox allows only loopback addresses.',
  },
  PORT: {
    ...integer(0, 65_535),
    fallback: null,
    absent: '3000 with the role api, or with bot and WEBHOOK_URL; other processes run no HTTP server',
    example: '8080',
    about:
      'The port of the HTTP server. 0 picks a free port and logs it. Without the role api it serves only /health, /metrics and the webhook.',
  },
  PUBLIC_URL: {
    schema: publicUrl,
    type: 'http:// or https:// URL',
    fallback: null,
    absent: "the webhook's host, or where the HTTP server listens",
    example: 'https://alerts.example.com',
    about:
      'Where people and programs reach this service: for links and curl examples. Its path, if any, is what a proxy serves it below.',
  },
  TRUST_PROXY: {
    ...integer(0, 10),
    fallback: '0',
    example: '1',
    about:
      'How many proxies stand in front. Their X-Forwarded-For, -Proto, -Host, -Port and -Prefix are obeyed.',
  },
  RATE_LIMIT_PER_MINUTE: {
    ...integer(0, 1_000_000),
    fallback: '120',
    example: '600',
    about: 'How many HTTP requests each client address can make per minute, counted in Redis. 0 disables.',
  },
  JWT_SECRET: {
    schema: text.refine((value) => Buffer.byteLength(value) >= 32, 'must be at least 32 bytes long'),
    type: 'secret, at least 32 bytes',
    fallback: null,
    absent: 'generated and kept in DATA_DIR in the sandbox, otherwise required',
    example: 'replace-with-the-output-of-openssl-rand-hex-32',
    about: 'Signs tokens; the keys that encrypt alerts and hash chat ids are derived from it.',
    secret: true,
  },
  SETUP_TOKEN_TTL_SECONDS: {
    ...integer(1, 604_800, 'seconds'),
    fallback: '300',
    example: '900',
    about: 'How long a setup token from /token is valid.',
  },
  TOKEN_TTL_DAYS: {
    ...integer(1, 3_650, 'days'),
    fallback: '365',
    example: '90',
    about: "How long an integration's token is valid.",
  },
  ADMIN_USER: {
    schema: pattern(/^[^:\s]{1,64}$/, 'must be 1 to 64 characters without colons or spaces'),
    type: 'text',
    fallback: 'admin',
    example: 'operator',
    about: 'The operator name for /admin/queues and /metrics.',
  },
  ADMIN_PASSWORD: {
    schema: text,
    type: 'secret',
    fallback: null,
    absent: 'the operator pages return 404; in the sandbox one is generated, kept in DATA_DIR and printed',
    example: 'replace-with-a-long-password',
    about: 'The operator password.',
    secret: true,
  },
} as const satisfies Record<string, Variable>;
