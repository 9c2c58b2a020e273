// BullMQ's own scripts, whose file names carry their number of keys: an upgrade that changes it fails at this import.
import addDelayed from 'bullmq/dist/cjs/scripts/addDelayedJob-6.js';
import addPrioritized from 'bullmq/dist/cjs/scripts/addPrioritizedJob-9.js';
import reprocess from 'bullmq/dist/cjs/scripts/reprocessJob-9.js';
import type { RedisClient } from './redis.ts';
import { BLOCK_CHAT, TAKE_SLOT } from './slot-scripts.ts';
import { ADD_LATER_PRELUDE, addNowScript, REQUEUE_PRELUDE, TURN_WHEN_DUE } from './turn-scripts.ts';

type Arg = string | number | Buffer;
type Command = (...keysAndArgs: Arg[]) => Promise<unknown>;

/** Our commands on a connection. Keys first, then arguments, as each script says. */
export interface QueueCommands {
  readonly pinguiAddNow: Command;
  readonly pinguiAddLater: Command;
  readonly pinguiRequeue: Command;
  readonly pinguiTurnWhenDue: Command;
  readonly pinguiTakeSlot: Command;
  readonly pinguiBlockChat: Command;
}

const SCRIPTS: Record<keyof QueueCommands, { numberOfKeys: number; lua: string }> = {
  pinguiAddNow: { numberOfKeys: 9, lua: addNowScript(addPrioritized.addPrioritizedJob.content) },
  pinguiAddLater: { numberOfKeys: 6, lua: ADD_LATER_PRELUDE + addDelayed.addDelayedJob.content },
  pinguiRequeue: { numberOfKeys: 9, lua: REQUEUE_PRELUDE + reprocess.reprocessJob.content },
  // One key each, so that a cluster knows the node.
  pinguiTurnWhenDue: { numberOfKeys: 1, lua: TURN_WHEN_DUE },
  pinguiTakeSlot: { numberOfKeys: 1, lua: TAKE_SLOT },
  pinguiBlockChat: { numberOfKeys: 1, lua: BLOCK_CHAT },
};

export function withQueueCommands<C extends RedisClient>(client: C): C & QueueCommands {
  for (const [name, script] of Object.entries(SCRIPTS)) client.defineCommand(name, script);
  // defineCommand adds the methods at run time; ioredis has no type for that.
  return client as C & QueueCommands;
}
