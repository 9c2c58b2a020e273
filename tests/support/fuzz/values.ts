import fc from 'fast-check';

/** A schema of the API's document, by the words that it uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly pattern?: string;
}

const OFTEN_ENOUGH = 40;
const WORDS = [
  'disk full',
  'db1',
  '<b>x</b>',
  '*x*',
  '2030-01-31T08:00:00Z',
  'https://example.org/x',
  '5',
  'ä💥',
];
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...WORDS) },
  fc.string({ unit: 'grapheme', maxLength: OFTEN_ENOUGH }),
);

/** Values that the schema allows; a `pattern` is not kept. @param resolve finds what a `$ref` names */
export function valuesOf(schema: Schema, resolve: (ref: string) => Schema): fc.Arbitrary<unknown> {
  const of = (one: Schema): fc.Arbitrary<unknown> => valuesOf(one, resolve);
  if (schema.$ref !== undefined) return of(resolve(schema.$ref));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return fc.oneof(...either.map(of));
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.length === 0) return fc.jsonValue({ maxDepth: 2 });
  return fc.oneof(...types.map((type) => ofType(type, schema, of)));
}

function ofType(
  type: string,
  schema: Schema,
  of: (schema: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 100_000, 2 ** 31 - 1) });
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'array':
      return fc.array(of(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 5 });
    case 'object':
      return ofObject(schema, of);
    default:
      return ofText(schema);
  }
}

function ofText({ format, minLength = 0, maxLength = OFTEN_ENOUGH }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .integer({ min: -1, max: 700 })
      .map((hours) => new Date(Date.now() + hours * 900_000).toISOString());
  if (format === 'date')
    return fc
      .integer({ min: -800, max: 3 })
      .map((days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10));
  return word.map((text) => text.slice(0, maxLength).padEnd(minLength, 'x'));
}

function ofObject(
  { properties = {}, required = [], additionalProperties }: Schema,
  of: (schema: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, of(schema)])),
    { requiredKeys: [...required], noNullPrototype: true },
  );
  if (additionalProperties === undefined || additionalProperties === false) return known;
  const others = fc.dictionary(word, of(additionalProperties === true ? {} : additionalProperties), {
    maxKeys: 4,
    noNullPrototype: true,
  });
  return fc.tuple(others, known).map(([more, own]) => ({ ...more, ...own }));
}
