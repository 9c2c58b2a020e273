import { readFileSync } from 'node:fs';
import type { RedisClient } from '../redis/connect.ts';

/** Keys and arguments in the order that the script's head describes. */
type Command = (numberOfKeys: number, ...keysAndArgs: (string | number)[]) => Promise<unknown>;

/** Our scripts as commands of a connection: `lua/<name>.lua`. They work on our keys only (keys.ts). */
export interface DispatchCommands {
  readonly pinguiReserve: Command;
  readonly pinguiTake: Command;
  readonly pinguiSent: Command;
  readonly pinguiLeave: Command;
  readonly pinguiBlock: Command;
  readonly pinguiAnswered: Command;
  readonly pinguiAnswer: Command;
  readonly pinguiEdit: Command;
  readonly pinguiNotice: Command;
}

const SCRIPTS: Record<keyof DispatchCommands, string> = {
  pinguiReserve: 'reserve',
  pinguiTake: 'take',
  pinguiSent: 'sent',
  pinguiLeave: 'leave',
  pinguiBlock: 'block',
  pinguiAnswered: 'answered',
  pinguiAnswer: 'answer',
  pinguiEdit: 'edit',
  pinguiNotice: 'notice',
};

export function withDispatchCommands<C extends RedisClient>(client: C): C & DispatchCommands {
  for (const [command, file] of Object.entries(SCRIPTS)) {
    client.defineCommand(command, {
      lua: readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), 'utf8'),
    });
  }
  // defineCommand adds the methods at run time; ioredis has no type for that.
  return client as C & DispatchCommands;
}
