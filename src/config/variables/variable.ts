import type * as z from 'zod';

/** One environment variable: its form, and what .env.example says about it. */
export interface Variable {
  readonly schema: z.ZodType<unknown, string>;
  readonly type: string;
  /** The value in force where none is set; `null` where there is none, or where it depends on others (`absent`). */
  readonly fallback: string | null;
  /** What happens without a value; only where `fallback` is null. */
  readonly absent?: string;
  readonly example: string;
  readonly about: string;
  /** Secrets can also be given as a file: `<NAME>_FILE`. */
  readonly secret?: true;
  /** What of a secret that is valid no log may show; default: all of it. */
  readonly secretPart?: (value: string) => readonly string[];
  /** Also read in lower case, as other programs do; in capitals it comes first. */
  readonly lowerCase?: true;
}
