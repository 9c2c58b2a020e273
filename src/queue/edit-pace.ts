import type { EditPace } from '../services/ports/incidents.ts';
import type { DispatchCommands } from './commands.ts';
import { dispatchKeys } from './keys.ts';

/** Between two edits of one message, in ms: the contract, whatever CHAT_DELAY_MS is. */
const INCIDENT_DELAY_MS = 1_000;

/** The pace of the edits, over all workers, beyond BullMQ's limiter. See lua/edit.lua. */
export function createEditPace(deps: {
  redis: DispatchCommands;
  /** QUEUE_PREFIX */
  prefix: string;
  /** 0 disables. */
  groupLimitPerMinute: number;
}): EditPace {
  const keys = dispatchKeys(deps.prefix);
  return {
    async take({ incidentId, chat, isGroup }) {
      const allKeys = [keys.gate(chat), keys.pace, keys.edited(incidentId), keys.edits(chat)];
      const limit = isGroup ? deps.groupLimitPerMinute : 0;
      return Number(await deps.redis.pinguiEdit(allKeys.length, ...allKeys, INCIDENT_DELAY_MS, limit));
    },
  };
}
