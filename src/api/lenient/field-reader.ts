import type * as z from 'zod';
import { similarName } from '../../domain/similar-name.ts';
import type { BodySchema } from '../../http/json-body.ts';

/** Adds a sentence for the sender to the answer. `field` comes first in it. */
type Warn = (sentence: string) => void;

/** What a field's value plainly means, in the one form that the schema takes; what is not plain, as it is. */
export type ReadField = (value: unknown, warn: Warn, field: string) => unknown;

interface UnknownField {
  readonly name: string;
  /** The field that was probably meant. */
  readonly meant: string | undefined;
}

interface ReadBody {
  /** For the schema. */
  readonly fields: unknown;
  /** What was cut or left out; empty for most. */
  readonly warnings: readonly string[];
  readonly unknown: readonly UnknownField[];
}

/** Unknown fields that an answer names. */
const MOST_NAMED = 10;
/** Characters of an unknown field's name that are shown. */
const MOST_SHOWN = 64;

const NOTHING: readonly never[] = [];

/**
 * Reads the fields of a JSON object before its schema does: a difference that leaves the meaning plain must not cost an
 * alert. A plain, valid body is handed on as it is.
 * @param across what concerns several fields
 */
export function createFieldReader(
  readers: Readonly<Record<string, ReadField>>,
  across: (fields: Readonly<Record<string, unknown>>, warn: Warn) => Readonly<Record<string, unknown>> = (
    fields,
  ) => fields,
): (body: unknown) => ReadBody {
  const known = new Map(Object.entries(readers));
  const names = [...known.keys()];

  return (body) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      return { fields: body, warnings: NOTHING, unknown: NOTHING };
    let warnings: string[] | undefined;
    let unknown: UnknownField[] | undefined;
    let unnamed = 0;
    const warn: Warn = (sentence) => {
      warnings ??= [];
      warnings.push(sentence);
    };
    // An object of JSON.
    const given = body as Readonly<Record<string, unknown>>;
    let fields: Record<string, unknown> | undefined;
    for (const name of Object.keys(given)) {
      const read = known.get(name);
      if (read !== undefined) {
        const value = read(given[name], warn, name);
        if (value === given[name]) continue;
        fields ??= { ...given };
        fields[name] = value;
      } else if ((unknown?.length ?? 0) < MOST_NAMED) {
        unknown ??= [];
        unknown.push({ name: name.slice(0, MOST_SHOWN), meant: similarName(name, names) });
      } else {
        unnamed += 1;
      }
    }
    const all = across(fields ?? given, warn);
    for (const { name, meant } of unknown ?? NOTHING)
      warn(`${name} is not a field${meant === undefined ? '.' : `: did you mean ${meant}?`}`);
    if (unnamed > 0) warn(`${unnamed} more are not fields.`);
    return { fields: all, warnings: warnings ?? NOTHING, unknown: unknown ?? NOTHING };
  };
}

/** What a request asks for, and what the answer says about fields that were cut, left out or not known. */
export interface ReadInput<T> {
  readonly input: T;
  readonly warnings: readonly string[];
}

/** The schema of what the reader made of a body. */
export function behindReader<T>(
  read: (body: unknown) => ReadBody,
  schema: Pick<z.ZodType<T>, 'safeParse'>,
): BodySchema<ReadInput<T>> {
  return {
    safeParse(body) {
      const { fields, warnings, unknown } = read(body);
      const result = schema.safeParse(fields);
      if (result.success) return { success: true, data: { input: result.data, warnings } };
      return { success: false, error: { issues: [...result.error.issues, ...hintsAt(unknown)] } };
    },
  };
}

/** Where a field was probably meant, which may be the one that is missing. */
function hintsAt(unknown: ReadBody['unknown']): { path: string[]; message: string }[] {
  return unknown.flatMap(({ name, meant }) =>
    meant === undefined ? [] : [{ path: [name], message: `This is not a field: did you mean ${meant}?` }],
  );
}
