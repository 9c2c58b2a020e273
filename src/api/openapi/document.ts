import { createDocument } from 'zod-openapi';
import { adapterPaths } from './adapter-paths.ts';
import { alertPaths } from './alert-paths.ts';
import { integrationPaths } from './integration-paths.ts';
import { createRefusals } from './refusals.ts';

type ApiDocument = ReturnType<typeof createDocument>;

/** OpenAPI 3.1 of all that is below /api, made of the schemas that validate. Takes tens of milliseconds. */
export function createApiDocument(version: string): ApiDocument {
  const refusals = createRefusals();
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Pingui Alert',
      version,
      description:
        'Any program that can make an HTTP request can reach a Telegram chat. Every answer carries `X-Request-Id`; refusals are problem documents (RFC 9457).',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This service.' }],
    tags: [
      { name: 'alerts', description: 'Send alerts, and learn what became of them.' },
      { name: 'tools', description: 'What tools send in a form of their own.' },
      { name: 'keys', description: 'Keys that can only send, for tools.' },
      { name: 'integrations', description: "The token's own integration." },
    ],
    security: [{ token: [] }, { basic: [] }],
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A token, or a capability key.',
        },
        basic: { type: 'http', scheme: 'basic', description: 'The token as password or as user name.' },
      },
    },
    paths: { ...alertPaths(refusals), ...adapterPaths(refusals), ...integrationPaths(refusals) },
  });
}
