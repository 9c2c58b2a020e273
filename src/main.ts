import { readFileSync, writeSync } from 'node:fs';
import { tuneHeap } from './app/heap.ts';
import { runCommand } from './cli/cli.ts';
import { type Config, ConfigError, loadConfig } from './config/config.ts';
import { createStdoutDestination } from './ops/log-destination.ts';
import { createLogger, type Logger } from './ops/logger.ts';
import { createRedactor } from './ops/redact.ts';

const clock = { now: () => Date.now() };
const io = {
  log: (line: string) => process.stdout.write(`${line}\n`),
  error: (line: string) => process.stderr.write(`${line}\n`),
};

/** Returns the exit code, or undefined while the service runs. */
async function run(argv: readonly string[]): Promise<number | undefined> {
  const code = await runCommand(argv, { io, clock, setUp, process: { host: process, env: process.env } });
  if (code !== undefined) return code;
  const { config, log } = setUp();
  return serve(config, log.child('app'));
}

function setUp(): { config: Config; log: Logger } {
  const config = loadConfig(process.env, (file) => readFileSync(file, 'utf8'));
  // Asking for its number opens process.stdout, and only then a pipe is non-blocking: else a reader that stands still
  // would make the service stand still.
  const { fd } = process.stdout;
  const destination = createStdoutDestination((bytes) => writeSync(fd, bytes));
  const log = createLogger({ level: config.logLevel, destination, secrets: config.secrets });
  process.on('exit', () => log.flush());
  return { config, log };
}

async function serve(config: Config, log: Logger): Promise<number | undefined> {
  const { createApp } = await import('./app/app.ts');
  const app = createApp({ config, log, clock, env: process.env, host: process });
  let stopping = false;
  const onSignal = (signal: string) => {
    // Somebody is in a hurry.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'Stopping');
    void app.stop().then(({ clean }) => {
      log.info({ clean }, 'Stopped');
      log.flush();
      process.exit(clean ? 0 : 1);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (error) => {
    log.fatal({ error }, 'Unexpected error: stopping');
    log.flush();
    process.exit(1);
  });
  const started = await app.start().catch((error: unknown) => {
    // A start that is told to stop ends with an error, but the process with the code of the stop.
    if (!stopping) throw error;
    return undefined;
  });
  // The newcomer's lines hold a token and a password: they belong on the terminal, not in the log.
  if (started?.notice !== undefined) io.error(started.notice);
  return undefined;
}

tuneHeap();
run(process.argv.slice(2)).then(
  (code) => {
    if (code !== undefined) process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof ConfigError) {
      io.error(
        `The environment is not valid:\n${error.faults.map(({ name, message }) => `  ${name} ${message}`).join('\n')}`,
      );
    } else {
      io.error(createRedactor()(error instanceof Error ? error : 'The start failed'));
    }
    process.exit(1);
  },
);
