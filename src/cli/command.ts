import type { AppDeps } from '../app/context.ts';
import type { Config, Environment } from '../config/config.ts';
import type { Logger } from '../ops/logger.ts';
import type { Clock } from '../services/ports/clock.ts';

/** Where a command writes what it did (log) and what went wrong, or goes on (error). */
export interface CommandIo {
  log(line: string): void;
  error(line: string): void;
}

/** What a command may need; the configuration and the log are made for those that ask for them. */
export interface CommandDeps {
  readonly io: CommandIo;
  readonly clock: Clock;
  readonly process: Pick<AppDeps, 'host' | 'env'>;
  /** As `process.versions.node` has it. */
  readonly nodeVersion: string;
  /** @throws ConfigError */
  readonly setUp: () => { readonly config: Config; readonly log: Logger };
  /** What the settings are read from: the environment, with .env. @throws ConfigError when that cannot be read */
  readonly readEnvironment: () => { readonly env: Environment; readFile(path: string): string };
  /** Asks whoever sits at the terminal; undefined: nobody does. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
}

/** How a command was called. */
export interface Call {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** Tells how far a long work is: on standard error, since standard output is the result's. */
  progress(line: string): void;
}

/** What a command found or did: for people the lines, for scripts the value. */
export interface Report {
  readonly lines: readonly string[];
  readonly json: unknown;
  /** A fault was found: the exit code is 1. */
  readonly isFault?: boolean;
}

export type Run = (call: Call, deps: CommandDeps) => Promise<Report>;

/** The command line asks for something that there is not: exit code 2. Never repeats what was written. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}
