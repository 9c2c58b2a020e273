import * as z from 'zod';
import { MAX_NAME_LENGTH } from '../../domain/integration.ts';
import { similarName } from '../../domain/similar-name.ts';
import { ADAPTER_NAMES, ADAPTERS, type AdapterName } from '../../ingest/adapters.ts';
import { optional } from '../fields.ts';
import { behindReader, createFieldReader } from '../lenient/field-reader.ts';
import { asItIs, lineUpTo, word } from '../lenient/read-values.ts';

/** What a key is made from, checked. */
export interface KeyRequest {
  readonly adapter: AdapterName;
  readonly name?: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

export const KeyRequestSchema = z.object(
  {
    adapter: z.enum(ADAPTER_NAMES, `Send one of: ${ADAPTER_NAMES.join(', ')}.`),
    name: optional(z.string('Send a string.')),
    options: z
      .record(z.string(), z.unknown(), 'Send an object.')
      .nullish()
      .transform((value) => value ?? {}),
  },
  'Send a JSON object.',
);

/** What an adapter's schema makes of the options. Unknown ones are refused, with the one that was probably meant. */
const CheckedRequestSchema = KeyRequestSchema.transform((request, context): KeyRequest => {
  const { options: schema } = ADAPTERS[request.adapter];
  const result = schema.safeParse(request.options);
  if (result.success) return { ...request, options: given(result.data) };
  const known = Object.keys(schema.shape);
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys)
        context.addIssue({ code: 'custom', path: ['options', name], message: whyUnknown(name, known) });
    } else context.addIssue({ code: 'custom', path: ['options', ...issue.path], message: issue.message });
  }
  return z.NEVER;
});

function whyUnknown(name: string, known: readonly string[]): string {
  const meant = similarName(name, known);
  if (meant !== undefined) return `This is not an option: did you mean ${meant}?`;
  return known.length === 0 ? 'This adapter has no options.' : `The options are: ${known.join(', ')}.`;
}

function given(options: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

const readRequest = createFieldReader({
  adapter: word(ADAPTER_NAMES, {}),
  name: lineUpTo(MAX_NAME_LENGTH),
  options: asItIs,
});

/** POST /api/keys. */
export const MakeKeySchema = behindReader(readRequest, CheckedRequestSchema);
