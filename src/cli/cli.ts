import type { CommandDeps } from './command.ts';

/**
 * Runs the command that `argv` names. Returns the exit code: 0 fine, 1 a fault was found, 2 wrong use; undefined: it
 * names none, and the service is meant.
 */
export async function runCommand(argv: readonly string[], deps: CommandDeps): Promise<number | undefined> {
  if (argv.length === 0) return undefined;
  // The service needs none of it.
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, deps);
}
