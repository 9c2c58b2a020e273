import { type Level, type LevelWithSilent, pino } from 'pino';
import type { LogDestination } from './log-destination.ts';
import { cleanFields } from './log-fields.ts';
import { createRedactor } from './redact.ts';
import { createSourceFrames } from './source-frames.ts';

export type Component = 'api' | 'worker' | 'job' | 'bot' | 'app';

/** What a line can say besides its message. The named fields are the contract's. */
export interface LogFields {
  readonly requestId?: string | undefined;
  readonly alertId?: string | undefined;
  /** Keyed hash of the chat id, never the id. */
  readonly chatId?: string | undefined;
  /** Written as {type, message, code, stack, cause}, and nothing else of it. */
  readonly error?: unknown;
  readonly [field: string]: unknown;
}

type Write = (fields: LogFields, message: string) => void;

/** Writes one JSON object a line: `level, timestamp (ISO 8601), component, message` and fields. Never throws. */
export interface Logger {
  /** The same log with another component, and fields that are in each of its lines. */
  child(component: Component, fields?: LogFields): Logger;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** Writes out what is buffered, at once. */
  flush(): void;
}

/**
 * @param options.secrets values that are blanked out wherever they occur (bot token, passwords, keys), beside all that
 * looks like a token
 */
export function createLogger(options: {
  level: LevelWithSilent;
  destination: LogDestination;
  secrets?: readonly string[];
  now?: () => number;
}): Logger {
  const now = options.now ?? Date.now;
  const redact = createRedactor(options.secrets);
  const sourceFrames = createSourceFrames();
  const { destination } = options;
  const sink = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  // Warnings are expected troubles that may repeat each second; their stacks help nobody unless one is searching.
  const verbose = sink.isLevelEnabled('debug');

  /** A log line must not be what breaks a request, whatever odd object it was given (a getter that throws). */
  function readable(bound: LogFields, fields: LogFields, withStack: boolean): Record<string, unknown> {
    try {
      return cleanFields({ ...bound, ...fields }, { redact, toFrames: withStack ? sourceFrames : undefined });
    } catch {
      return { unreadableFields: true };
    }
  }

  function create(component: Component, bound: LogFields): Logger {
    const write =
      (level: Level): Write =>
      (fields, message) => {
        if (!sink.isLevelEnabled(level)) return;
        const withStack = verbose || level === 'error' || level === 'fatal';
        sink[level]({ component, ...readable(bound, fields, withStack) }, redact(message));
      };
    return {
      child: (name, fields = {}) => create(name, { ...bound, ...fields }),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      fatal: write('fatal'),
      flush: () => destination.flushSync?.(),
    };
  }

  return create('app', {});
}
