import type * as z from 'zod';
import { ALERTS } from './alerts.ts';
import { HTTP } from './http.ts';
import { PROCESS } from './process.ts';
import { STORAGE } from './storage.ts';
import { TELEGRAM } from './telegram.ts';

/** Every variable that the service reads. .env.example and the README's table are held equal to this by tests. */
export const VARIABLES = { ...PROCESS, ...TELEGRAM, ...STORAGE, ...HTTP, ...ALERTS };

export type VariableName = keyof typeof VARIABLES;
export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[]; // Object.keys widens to string

/** What the schemas make of the environment; undefined where a variable has neither value nor fallback. */
export type Values = {
  readonly [N in VariableName]:
    | z.output<(typeof VARIABLES)[N]['schema']>
    | ((typeof VARIABLES)[N]['fallback'] extends null ? undefined : never);
};
