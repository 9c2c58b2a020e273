import { type Environment, type ReadFile, readEnvironment } from './read-environment.ts';
import type { Variable } from './variables/variable.ts';
import { VARIABLE_NAMES, VARIABLES, type VariableName } from './variables/variables.ts';

/** A setting as it may be shown: nothing of a secret. */
export interface ShownSetting {
  readonly name: VariableName;
  /** Null: not set, and without a default. */
  readonly value: string | null;
  readonly source: 'environment' | 'file' | 'default' | 'none';
  readonly isSecret: boolean;
}

/** Stands for a secret that is set. */
const HIDDEN = '(set, hidden)';

/** All settings in the order of .env.example, also of an environment that is not valid. */
export function showSettings(env: Environment, readFile: ReadFile): ShownSetting[] {
  const { raw } = readEnvironment(env, readFile);
  return VARIABLE_NAMES.map((name): ShownSetting => {
    const { secret, fallback, absent }: Variable = VARIABLES[name];
    const isSecret = secret === true;
    const given = raw[name];
    if (given === undefined)
      return {
        name,
        value: fallback ?? absent ?? null,
        source: fallback === null ? 'none' : 'default',
        isSecret,
      };
    const isFile = isSecret && Boolean(env[`${name}_FILE`]) && !env[name];
    return {
      name,
      value: isSecret ? HIDDEN : given,
      source: isFile ? 'file' : 'environment',
      isSecret,
    };
  });
}
