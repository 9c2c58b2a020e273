import type { AppDeps } from '../app/context.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../ops/logger.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { CommandIo } from './command.ts';
import { USAGE } from './usage.ts';

/** Each is loaded when it is called. */
const COMMANDS = [
  'migrate',
  'job',
  'chats',
  'invite',
  'adopt-queue',
  'adopt-key',
  'migrate-database',
] as const;
type Command = (typeof COMMANDS)[number];

/** What a command may need; the configuration and the log are made for those that ask for them. */
interface CliDeps {
  readonly io: CommandIo;
  readonly clock: Clock;
  readonly process: Pick<AppDeps, 'host' | 'env'>;
  /** @throws ConfigError */
  readonly setUp: () => { readonly config: Config; readonly log: Logger };
}

/** Runs the command that `argv` names. Returns the exit code: 0 fine, 1 a fault, 2 wrong use; undefined: there is none. */
export async function runCommand(argv: readonly string[], deps: CliDeps): Promise<number | undefined> {
  const [name, ...rest] = argv;
  if (name === undefined) return undefined;
  if (name === '--help' || name === '-h') {
    deps.io.log(USAGE);
    return 0;
  }
  if (!isCommand(name)) {
    deps.io.error(USAGE);
    return 2;
  }
  return run(name, rest, deps);
}

async function run(command: Command, argv: readonly string[], deps: CliDeps): Promise<number> {
  const { io, clock } = deps;
  switch (command) {
    case 'migrate-database': {
      const { runMigrateDatabase } = await import('./migrate-database.ts');
      return runMigrateDatabase(argv, io);
    }
    case 'migrate': {
      const { runMigrate } = await import('./run-migrate.ts');
      return runMigrate(deps.setUp().config.database, io);
    }
    case 'adopt-queue': {
      const { runAdoptQueue } = await import('./adopt-queue.ts');
      return runAdoptQueue({ ...deps.setUp(), ...deps.process }, io);
    }
    case 'adopt-key': {
      const { runAdoptKey } = await import('./adopt-key.ts');
      return runAdoptKey(deps.setUp().config, io);
    }
    case 'chats': {
      const { runChats } = await import('./chats.ts');
      return runChats(argv, { ...deps.setUp(), clock, io });
    }
    case 'invite': {
      const { runInvite } = await import('./chats.ts');
      return runInvite(argv, { ...deps.setUp(), clock, io });
    }
    case 'job': {
      const { runJob } = await import('./run-job.ts');
      return runJob(argv, { ...deps.setUp(), clock, io });
    }
  }
}

function isCommand(name: string): name is Command {
  return (COMMANDS as readonly string[]).includes(name);
}
