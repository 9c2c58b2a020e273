import { Command, CommanderError } from 'commander';
import { readVersion } from '../app/version.ts';
import { AppError } from '../domain/errors.ts';
import { type CommandDeps, type Report, WrongUse } from './command.ts';
import { COMMANDS, type CommandSpec, GROUPS } from './commands.ts';

/** What `npm run …` called before there was `pingui`, and still does. */
const OLD_NAMES: Readonly<Record<string, readonly string[]>> = {
  'adopt-queue': ['queue', 'adopt'],
  'job backup': ['job', 'run', 'backup'],
  'job reset-quotas': ['job', 'run', 'reset-quotas'],
};

/** Returns the exit code. @throws ConfigError, and what is no fault of the command's own */
export async function runProgram(argv: readonly string[], deps: CommandDeps): Promise<number> {
  let code = 0;
  const program = createProgram(deps, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(byNewName(argv), { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong, or has shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof AppError)) throw error;
    deps.io.error(error.detail);
    return 1;
  }
}

function byNewName(argv: readonly string[]): readonly string[] {
  for (const words of [1, 2]) {
    const name = OLD_NAMES[argv.slice(0, words).join(' ')];
    if (name !== undefined) return [...name, ...argv.slice(words)];
  }
  return argv;
}

function createProgram(deps: CommandDeps, end: (code: number) => void): Command {
  const program = new Command('pingui')
    .description('Runs the service, or looks after it. Without a command: runs the service.')
    .usage('[command] [options]')
    .version(readVersion())
    .exitOverride()
    .showHelpAfterError()
    .configureOutput({
      writeOut: (text) => deps.io.log(text.trimEnd()),
      writeErr: (text) => deps.io.error(text.trimEnd()),
      getOutHelpWidth: () => 110,
      getErrHelpWidth: () => 110,
    })
    .addHelpText(
      'after',
      '\n`pingui <command> --help` describes one; --json, on each, is for scripts.\nExit codes: 0 fine, 1 a fault was found, 2 wrong use. Settings: the environment and .env (.env.example lists them).',
    );
  program.configureHelp({
    // One list of all there is, however deep: nobody has to ask three times.
    visibleCommands: (command) => leavesOf(command),
    subcommandTerm: (command) => [pathOf(command), argumentsOf(command)].join(' ').trim(),
  });
  for (const spec of COMMANDS) add(program, spec, deps, end);
  // Each command shows its help after an error. The help of all would push the error off the screen.
  program.showHelpAfterError(
    'Usage: pingui [command] [options]\n`pingui --help` lists all commands, `pingui <command> --help` describes one.',
  );
  return program;
}

function add(program: Command, spec: CommandSpec, deps: CommandDeps, end: (code: number) => void): void {
  const [name = '', inner] = spec.name.split(' ');
  const parent = inner === undefined ? program : groupOf(program, name);
  const known = parent.commands.find((one) => one.name() === (inner ?? name));
  const command = (known ?? parent.command(inner ?? name)).description(spec.about);
  for (const argument of spec.args ?? []) command.argument(argument.form, argument.about);
  for (const option of spec.options ?? []) command.option(option.form, option.about);
  command.option('--json', 'the result as JSON');
  command.action(async () => {
    // Of `backup verify … --json`, commander gives the option to `backup`.
    const options = command.optsWithGlobals<Record<string, string | boolean | undefined>>();
    const call = { args: command.processedArgs.filter(isText), options, progress: deps.io.error };
    try {
      const run = await spec.load();
      const report = await run(call, deps);
      print(report, options.json === true, deps);
      end(report.isFault ? 1 : 0);
    } catch (error) {
      if (error instanceof WrongUse) command.error(`error: ${error.message}`);
      throw error;
    }
  });
}

/** A command that holds others; `backup` is also one of its own. */
function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((one) => one.name() === name);
  return known ?? program.command(name).description(GROUPS[name] ?? '');
}

function print({ lines, json }: Report, asJson: boolean, { io }: CommandDeps): void {
  if (asJson) io.log(JSON.stringify(json, null, 2));
  else for (const line of lines) io.log(line);
}

const isText = (value: unknown): value is string => typeof value === 'string';

function leavesOf(command: Command): Command[] {
  return command.commands.flatMap((one) => [
    ...(isRunnable(one) ? [one] : []),
    ...(one.commands.length > 0 ? leavesOf(one) : []),
  ]);
}

/** Commander does not tell whether a command has an action. Those that we give one have --json. */
const isRunnable = (command: Command) => command.options.some(({ long }) => long === '--json');

function pathOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}

function argumentsOf(command: Command): string {
  const args = command.registeredArguments.map((one) =>
    one.required ? `<${one.name()}>` : `[${one.name()}]`,
  );
  const options = command.options.filter(({ long }) => long !== '--json').map(({ flags }) => `[${flags}]`);
  return [...args, ...options].join(' ');
}
