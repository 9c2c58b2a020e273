import * as z from 'zod';
import type { ZodOpenApiOverrideMetaContext } from 'zod-openapi';

/** A text; numbers and truth values as their words. What is anything else is none: tools change, alerts must arrive. */
export const Word = z
  .preprocess(
    (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value),
    z.string().nullish().catch(undefined),
  )
  .meta({
    override: ({ jsonSchema }: ZodOpenApiOverrideMetaContext) => {
      delete jsonSchema.anyOf;
      jsonSchema.type = ['string', 'number', 'boolean', 'null'];
    },
  });

/** Names and texts, as labels are. */
export const Words = z
  .record(z.string(), z.unknown())
  .nullish()
  .catch(undefined)
  .transform((given) => {
    const words: Record<string, string> = {};
    for (const [name, value] of Object.entries(given ?? {})) {
      if (typeof value === 'string') words[name] = value;
      else if (typeof value === 'number' || typeof value === 'boolean') words[name] = String(value);
    }
    return words;
  });
