import { createLogger, type Logger } from '../ops/logger.ts';

/** A command says itself what it did; of the log it shows what is wrong, or all where the operator asks for debug. */
type Level = Parameters<typeof createLogger>[0]['level'];

/** The log of a command: its warnings, as one line of words each. */
export function createCommandLog(options: {
  readonly logLevel: Level;
  readonly secrets: readonly string[];
  error(line: string): void;
}): Logger {
  const write = (line: string) => {
    // Of our own making: a JSON object.
    const { level, message, error } = JSON.parse(line) as LogLine;
    options.error(`${level}: ${message}${error?.message === undefined ? '' : ` (${error.message})`}`);
  };
  const { logLevel, secrets } = options;
  return createLogger({ level: logLevel === 'info' ? 'warn' : logLevel, destination: { write }, secrets });
}

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly error?: { readonly message?: string };
}
