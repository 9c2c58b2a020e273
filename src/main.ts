import { readFileSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { createLogger, createStdoutDestination, type Logger } from './ops/logger.ts';
import { createRedactor } from './ops/redact.ts';

const USAGE = `Usage: node dist/src/main.js [command]
  (none)                          runs the service
  migrate                         brings the database up to date
  job reset-quotas | backup       runs a scheduled job now
  migrate-database --from URL --to URL   moves all data to another database`;

const clock = { now: () => Date.now() };
const io = {
  log: (line: string) => process.stdout.write(`${line}\n`),
  error: (line: string) => process.stderr.write(`${line}\n`),
};

/** Returns the exit code, or undefined while the service runs. */
async function run(argv: readonly string[]): Promise<number | undefined> {
  const [command, ...rest] = argv;
  if (command === 'migrate-database') {
    const { runMigrateDatabase } = await import('./db/migrate-database.ts');
    return runMigrateDatabase(rest, io);
  }
  if (command !== undefined && !['migrate', 'job'].includes(command)) {
    io.error(USAGE);
    return command === '--help' || command === '-h' ? 0 : 2;
  }
  const config = loadConfig(process.env, (file) => readFileSync(file, 'utf8'));
  // Asking for its number opens process.stdout, and only then a pipe is non-blocking: else a reader that stands still
  // would make the service stand still.
  const { fd } = process.stdout;
  const destination = createStdoutDestination((bytes) => writeSync(fd, bytes));
  const log = createLogger({
    level: config.logLevel,
    destination,
    secrets: secretsOf(config),
  });
  process.on('exit', () => log.flush());
  if (command === 'migrate') {
    const { runMigrate } = await import('./db/migrate.ts');
    return runMigrate(databaseUrl(config), io);
  }
  if (command === 'job') {
    const { runJob } = await import('./app/run-job.ts');
    return runJob(rest, { config, log, clock, io });
  }
  return serve(config, log.child('app'));
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

function databaseUrl(config: Config): string {
  return config.database.kind === 'sqlite' ? `sqlite:${config.database.file}` : config.database.url;
}

function secretsOf(config: Config): string[] {
  const token = config.mode.kind === 'telegram' ? config.mode.botToken : undefined;
  const known = [token, config.jwtSecret, config.admin.password, config.webhook?.secret, config.redis.url];
  // Passwords within URLs are redacted by their form.
  return known.filter((value) => value !== undefined);
}

// V8 then gives memory back instead of growing: 145 MB at most under 50 connections instead of 197, 101 instead of 136
// after the start, at the same speed (docs/decisions/0004). Before the service is loaded, hence the imports above.
setFlagsFromString('--optimize-for-size');

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
      io.error(createRedactor()(error instanceof Error ? error.message : 'The start failed'));
    }
    process.exit(1);
  },
);
