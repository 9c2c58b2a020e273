import { z } from 'zod';
import { ChatIdSchema, optional } from '../fields.ts';

/** POST /api/createIntegration. What a name and a scope may hold is the service's rule. */
export const CreateIntegrationSchema = z.object(
  {
    name: optional(z.string('Send a string.')),
    scope: optional(z.string('Send the scopes as one string, separated by spaces.')),
    chatId: optional(ChatIdSchema),
  },
  'Send a JSON object.',
);

/** POST /api/revokeIntegration. */
export const RevokeIntegrationSchema = z.object({ chatId: optional(ChatIdSchema) }, 'Send a JSON object.');

/** `?wait=` of GET /api/alerts/:id, in seconds. */
export const WaitSchema = z
  .string('Send wait only once.')
  .regex(/^\d{1,2}$/, 'Send whole seconds, 0 to 60.')
  .transform(Number)
  .refine((seconds) => seconds <= 60, 'Send whole seconds, 0 to 60.');
