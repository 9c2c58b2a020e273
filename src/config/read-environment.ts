import type { Variable } from './variables/variable.ts';
import { VARIABLE_NAMES, VARIABLES, type VariableName } from './variables/variables.ts';

/** One thing that is wrong with the environment. */
export interface ConfigFault {
  /** The variable's name. */
  readonly name: string;
  /** What to change; never holds a value. */
  readonly message: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

/** What was given for each variable, before validation. */
export type RawValues = Partial<Record<VariableName, string>>;

/** Marks the examples in .env.example: everybody knows them, so they protect nothing. */
const PLACEHOLDER = 'replace-with-';

/** Collects the values from the environment and from the files named by `<NAME>_FILE`. An empty string is not a value. */
export function readEnvironment(
  env: Environment,
  readFile: ReadFile,
): { readonly raw: RawValues; readonly faults: readonly ConfigFault[] } {
  const raw: RawValues = {};
  const faults: ConfigFault[] = [];
  for (const name of VARIABLE_NAMES) {
    const variable: Variable = VARIABLES[name];
    const given =
      clean(env[name], variable) ?? (variable.lowerCase && clean(env[name.toLowerCase()], variable));
    const path = variable.secret ? env[`${name}_FILE`] : undefined;
    if (path === undefined || path === '') {
      if (given !== undefined) raw[name] = given;
      continue;
    }
    if (given !== undefined) {
      faults.push({ name, message: `is set twice: use either ${name} or ${name}_FILE` });
      continue;
    }
    try {
      const content = readFile(path).replace(/[\r\n]+$/, '');
      if (content === '') faults.push({ name: `${name}_FILE`, message: 'names an empty file' });
      else raw[name] = content;
    } catch {
      faults.push({ name: `${name}_FILE`, message: 'names a file that cannot be read' });
    }
  }
  for (const name of VARIABLE_NAMES) {
    if ('secret' in VARIABLES[name] && raw[name]?.includes(PLACEHOLDER)) {
      faults.push({ name, message: 'still has the placeholder from .env.example' });
      delete raw[name];
    }
  }
  return { raw, faults };
}

/** Blanks around a setting are slips; in a secret they may be meant. */
function clean(value: string | undefined, variable: Variable): string | undefined {
  const text = variable.secret ? value : value?.trim();
  return text === '' ? undefined : text;
}
