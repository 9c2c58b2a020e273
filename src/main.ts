#!/usr/bin/env node
import { readFileSync, writeSync } from 'node:fs';
import { tuneHeap } from './app/heap.ts';
import { watchLauncher } from './app/launcher-watch.ts';
import { runCommand } from './cli/cli.ts';
import { createCommandLog } from './cli/command-log.ts';
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
  // Nobody reads on: the terminal is closed, or the reader of a pipe is gone. That is no reason to end unclean.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const code = await runCommand(argv, {
    ...{ io, clock, readInput, process: { host: process, env: process.env } },
    nodeVersion: process.versions.node,
    setUp: setUpCommand,
    readEnvironment: () => {
      readEnvFile();
      return { env: process.env, readFile };
    },
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  });
  if (code !== undefined) return code;
  const { config, log, envFile } = setUp();
  if (envFile) log.child('app').info({}, 'Settings were read from .env in the working directory');
  return serve(config, log.child('app'));
}

const readFile = (file: string) => readFileSync(file, 'utf8');

/** A command's log goes where its troubles go, as words: standard output is its result's. */
function setUpCommand(): { config: Config; log: Logger } {
  readEnvFile();
  const config = loadConfig(process.env, readFile);
  letNewSpaceGrow();
  return { config, log: createCommandLog({ ...config, error: io.error }) };
}

/** On standard error, since standard output is the result's. */
async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

async function readInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  return text;
}

/** `envFile`: there was a .env. */
function setUp(): { config: Config; log: Logger; envFile: boolean } {
  const envFile = readEnvFile();
  const config = loadConfig(process.env, readFile);
  // Asking for its number opens process.stdout, and only then a pipe is non-blocking: else a reader that stands still
  // would make the service stand still.
  const { fd } = process.stdout;
  const destination = createStdoutDestination((bytes) => writeSync(fd, bytes));
  const log = createLogger({ level: config.logLevel, destination, secrets: config.secrets });
  process.on('exit', () => log.flush());
  return { config, log, envFile };
}

/** Adds the settings of ./.env to the environment, whose own variables win. @throws ConfigError when it cannot be read */
function readEnvFile(): boolean {
  try {
    process.loadEnvFile('.env');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw new ConfigError([
      { name: '.env', message: 'cannot be read: make it a file that this user may read' },
    ]);
  }
}

async function serve(config: Config, log: Logger): Promise<number | undefined> {
  const { createApp } = await import('./app/app.ts');
  letNewSpaceGrow();
  const app = createApp({ config, log, clock, env: process.env, host: process });
  let stopping = false;
  const stop = (reason: { readonly signal: string } | { readonly launcher: string }) => {
    stopping = true;
    log.info(reason, 'Stopping');
    void app.stop().then(({ clean }) => {
      log.info({ clean }, 'Stopped');
      log.flush();
      process.exit(clean ? 0 : 1);
    });
  };
  const onSignal = (signal: string) => {
    // Somebody is in a hurry. A terminal that closes is not: it may send more than one signal.
    if (stopping && signal !== 'SIGHUP') process.exit(1);
    if (!stopping) stop({ signal });
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, onSignal);
  watchLauncher({
    host: process,
    env: process.env,
    onGone: () => {
      if (!stopping) stop({ launcher: 'gone' });
    },
  });
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
  if (started?.notice !== undefined) {
    log.flush();
    io.error(started.notice);
  }
  return undefined;
}

const letNewSpaceGrow = tuneHeap();
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
