import * as z from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import {
  ChangesSchema,
  NewIntegrationSchema,
  RevocationSchema,
  RotationSchema,
} from '../integrations/integration-schemas.ts';
import { KeyRequestSchema } from '../keys/key-schemas.ts';
import {
  CreatedAnswer,
  IntegrationAnswer,
  IntegrationsAnswer,
  KeysAnswer,
  MadeKeyAnswer,
  RotatedAnswer,
} from './answers.ts';
import { BY_TOKEN, type Refusals, WITH_BODY } from './refusals.ts';

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

/** The calls about the token's own integration, and its keys. */
export function integrationPaths(refusals: Refusals): ZodOpenApiPathsObject {
  return {
    '/api/createIntegration': {
      post: {
        operationId: 'createIntegration',
        summary: 'Exchange a setup token, once',
        description: 'With the setup token that the bot has given (/token).',
        tags: ['integrations'],
        requestBody: {
          content: { 'application/json': { schema: NewIntegrationSchema, example: { name: 'backup' } } },
        },
        responses: {
          '201': { description: 'Set up.', content: json(CreatedAnswer) },
          ...refusals([
            ...BY_TOKEN,
            ...WITH_BODY,
            'chat_mismatch',
            'already_used',
            'too_many_integrations',
            'integration_not_active',
          ]),
        },
      },
    },
    '/api/integrations/{chatId}': {
      get: {
        operationId: 'getIntegration',
        summary: "The token's integration",
        description: 'One object under a plural name: existing clients read it so.',
        tags: ['integrations'],
        requestParams: {
          path: z.object({
            chatId: z.string().meta({ description: "The token's own chat.", example: '4242' }),
          }),
        },
        responses: {
          '200': { description: 'It.', content: json(IntegrationsAnswer) },
          ...refusals([...BY_TOKEN, 'invalid_request', 'chat_mismatch']),
        },
      },
    },
    '/api/updateIntegration': {
      post: {
        operationId: 'updateIntegration',
        summary: 'Change its name and how its alerts arrive',
        description:
          '`overflow: "digest"` folds what is beyond the quota into one message; `acknowledge` puts a button below each alert.',
        tags: ['integrations'],
        requestBody: {
          content: { 'application/json': { schema: ChangesSchema, example: { overflow: 'digest' } } },
        },
        responses: {
          '200': { description: 'As it is now.', content: json(IntegrationAnswer) },
          ...refusals([...BY_TOKEN, ...WITH_BODY, 'integration_not_active']),
        },
      },
    },
    '/api/revokeIntegration': {
      post: {
        operationId: 'revokeIntegration',
        summary: 'End the integration, its token and its keys',
        tags: ['integrations'],
        requestBody: { content: json(RevocationSchema) },
        responses: {
          '200': { description: 'Revoked.', content: json(IntegrationAnswer) },
          ...refusals([...BY_TOKEN, ...WITH_BODY, 'chat_mismatch']),
        },
      },
    },
    '/api/rotateToken': {
      post: {
        operationId: 'rotateToken',
        summary: 'Replace the token',
        description: 'The old one is dead at once.',
        tags: ['integrations'],
        requestBody: { content: json(RotationSchema) },
        responses: {
          '200': { description: 'The new one.', content: json(RotatedAnswer) },
          ...refusals([...BY_TOKEN, ...WITH_BODY, 'integration_not_active']),
        },
      },
    },
    '/api/keys': {
      get: {
        operationId: 'listKeys',
        summary: "The integration's keys",
        tags: ['keys'],
        responses: {
          '200': { description: 'The newest last.', content: json(KeysAnswer) },
          ...refusals(BY_TOKEN),
        },
      },
      post: {
        operationId: 'makeKey',
        summary: 'Make a key for one tool',
        description: 'It can only send, only through its adapter, and is revoked alone.',
        tags: ['keys'],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: KeyRequestSchema,
              example: { adapter: 'alertmanager', name: 'cluster' },
            },
          },
        },
        responses: {
          '201': { description: 'Made.', content: json(MadeKeyAnswer) },
          ...refusals([...BY_TOKEN, ...WITH_BODY, 'integration_not_active', 'too_many_keys']),
        },
      },
    },
    '/api/keys/{id}': {
      delete: {
        operationId: 'revokeKey',
        summary: 'Revoke a key',
        tags: ['keys'],
        requestParams: {
          path: z.object({ id: z.string().meta({ description: 'Of the key.', example: '7' }) }),
        },
        responses: {
          '204': { description: 'Dead at once.' },
          ...refusals([...BY_TOKEN, 'invalid_request', 'not_found']),
        },
      },
    },
  };
}
