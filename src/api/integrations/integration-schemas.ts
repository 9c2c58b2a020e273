import * as z from 'zod';
import { OVERFLOWS } from '../../domain/digest.ts';
import { MAX_NAME_LENGTH } from '../../domain/integration.ts';
import { ChatIdSchema, optional } from '../fields.ts';
import { behindReader, createFieldReader, type ReadField } from '../lenient/field-reader.ts';
import { chatNumber, lineUpTo, word, yesOrNo } from '../lenient/read-values.ts';

const OverflowSchema = z.enum(OVERFLOWS, `Send one of: ${OVERFLOWS.join(', ')}.`);

const YesOrNoSchema = optional(z.boolean('Send true or false.'));

export const NewIntegrationSchema = z.object(
  {
    name: optional(z.string('Send a string.')),
    scope: optional(z.string('Send the scopes as one string, separated by spaces.')),
    chatId: optional(ChatIdSchema),
    showName: YesOrNoSchema,
    overflow: optional(OverflowSchema),
    acknowledge: YesOrNoSchema,
  },
  'Send a JSON object.',
);
export const ChangesSchema = z.object(
  {
    name: optional(z.string('Send a string.')),
    overflow: optional(OverflowSchema),
    acknowledge: YesOrNoSchema,
  },
  'Send a JSON object.',
);
export const RevocationSchema = z.object({ chatId: optional(ChatIdSchema) }, 'Send a JSON object.');

export const RotationSchema = z.object({ revokeKeys: YesOrNoSchema }, 'Send a JSON object.');

/** Spaces (RFC 6749), commas or a list. */
const scopeList: ReadField = (value) => {
  const text =
    Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join(' ') : value;
  return typeof text === 'string' ? text.replaceAll(/[\s,]+/g, ' ').trim() || undefined : text;
};

const readNewIntegration = createFieldReader({
  name: lineUpTo(MAX_NAME_LENGTH),
  scope: scopeList,
  chatId: chatNumber,
  showName: yesOrNo,
  overflow: word(OVERFLOWS, {}),
  acknowledge: yesOrNo,
});
const readChanges = createFieldReader({
  name: lineUpTo(MAX_NAME_LENGTH),
  overflow: word(OVERFLOWS, {}),
  acknowledge: yesOrNo,
});
const readRotation = createFieldReader({ revokeKeys: yesOrNo });
const readRevocation = createFieldReader({ chatId: chatNumber });

/** POST /api/createIntegration. What a name and a scope may hold is the service's rule. */
export const CreateIntegrationSchema = behindReader(readNewIntegration, NewIntegrationSchema);

/** POST /api/updateIntegration. */
export const UpdateIntegrationSchema = behindReader(readChanges, ChangesSchema);
/** POST /api/rotateToken. */
export const RotateTokenSchema = behindReader(readRotation, RotationSchema);

/** POST /api/revokeIntegration. */
export const RevokeIntegrationSchema = behindReader(readRevocation, RevocationSchema);
