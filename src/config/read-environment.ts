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

/**
 * Collects the values from the environment and from the files named by `<NAME>_FILE`. An empty string is not a value.
 * `cleaned`: sentences about what was taken off secrets, and about quotes; blanks around another setting are of no interest.
 */
export function readEnvironment(
  env: Environment,
  readFile: ReadFile,
): { readonly raw: RawValues; readonly faults: readonly ConfigFault[]; readonly cleaned: readonly string[] } {
  const raw: RawValues = {};
  const cleaned: string[] = [];
  const faults: ConfigFault[] = [];
  for (const name of VARIABLE_NAMES) {
    const variable: Variable = VARIABLES[name];
    const given =
      take(name, env[name] ?? '') ?? (variable.lowerCase && take(name, env[name.toLowerCase()] ?? ''));
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
      const text = readFile(path);
      // What is not UTF-8 has become U+FFFD; UTF-16, as PowerShell writes it, has NULs.
      if (/[\uFFFD\0]/.test(text)) {
        faults.push({ name: `${name}_FILE`, message: 'names a file that is not UTF-8 text' });
        continue;
      }
      // Every editor ends a file with a newline.
      const content = take(`${name}_FILE`, text.replace(/[\r\n]+$/, ''));
      if (content === undefined) faults.push({ name: `${name}_FILE`, message: 'names an empty file' });
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
  return { raw, faults, cleaned };

  function take(source: string, text: string): string | undefined {
    const { value, taken } = clean(text);
    const isSecret = 'secret' in VARIABLES[source.replace(/_FILE$/, '') as VariableName]; // a variable's, or its file's
    const told = taken.filter((what) => isSecret || what === 'quotes');
    if (told.length > 0 && value !== '')
      cleaned.push(`${source} had ${told.join(' and ')} around its value, which do not count: remove them`);
    return value === '' ? undefined : value;
  }
}

/**
 * Takes off what copying, editors and Docker's --env-file leave around a value: blanks, CR and byte order marks, which
 * trim() knows all, then one pair of quotes and the blanks within.
 */
function clean(text: string): { readonly value: string; readonly taken: readonly ('blanks' | 'quotes')[] } {
  const trimmed = text.trim();
  const [, , quoted] = /^(["'])(.*)\1$/s.exec(trimmed) ?? [];
  const value = quoted?.trim() ?? trimmed;
  const blanks = trimmed !== text || (quoted !== undefined && value !== quoted);
  return {
    value,
    taken: [...(blanks ? ['blanks' as const] : []), ...(quoted === undefined ? [] : ['quotes' as const])],
  };
}
