import { readFileSync } from 'node:fs';
import { runCommand } from '../../src/cli/cli.ts';
import type { CommandDeps } from '../../src/cli/command.ts';
import { createCommandLog } from '../../src/cli/command-log.ts';
import { loadConfig } from '../../src/config/config.ts';

/** Calls a command of `pingui` in this process, as main.ts does. */
export async function callCommand(
  argv: readonly string[],
  {
    env = {},
    input = '',
    ...deps
  }: Partial<CommandDeps> & { env?: Record<string, string>; input?: string } = {},
): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const error = (line: string) => void err.push(line);
  const readFile = (path: string) => readFileSync(path, 'utf8');
  const run = runCommand(argv, {
    io: { log: (line) => void out.push(line), error },
    clock: { now: Date.now },
    process: { host: process, env },
    nodeVersion: '24.0.0',
    setUp() {
      const config = loadConfig(env, readFile);
      return { config, log: createCommandLog({ ...config, error }) };
    },
    readEnvironment: () => ({ env, readFile }),
    ask: undefined,
    readInput: async () => input,
    ...deps,
  });
  const code = await run.catch((fault: Error) => {
    error(fault.message);
    return 1;
  });
  return { code, stdout: out.join('\n'), stderr: err.join('\n') };
}
