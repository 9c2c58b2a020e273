import { openChats } from '../../app/chats.ts';
import { openExisting } from '../../db/engine/open-existing.ts';
import { createEventBus } from '../../domain/events.ts';
import { logEvents } from '../../ops/log-events.ts';
import type { ChatService } from '../../services/chats/chats.ts';
import { type Call, type CommandDeps, type Run, WrongUse } from '../command.ts';
import { counted, isoTime, table, time } from '../table.ts';

const HASH = /^[0-9a-f]{16}$/;

export const listChats: Run = (_call, deps) =>
  withChats(deps, async (chats) => {
    const listed = await chats.list();
    const rows = listed.map(({ hash, registeredAt, blockedAt, integrations }) => [
      ...[hash, time(registeredAt), integrations],
      blockedAt === null ? '' : `blocked ${time(blockedAt)}`,
    ]);
    return {
      lines:
        rows.length === 0
          ? ['No chat is registered.']
          : table(['CHAT', 'REGISTERED', 'INTEGRATIONS', 'BLOCK'], rows),
      json: listed.map(({ registeredAt, blockedAt, ...chat }) => ({
        ...chat,
        registeredAt: isoTime(registeredAt),
        blockedAt: isoTime(blockedAt),
      })),
    };
  });

export const blockChat: Run = (call, deps) => {
  const hash = readHash(call);
  return withChats(deps, async (chats) => {
    const ended = await chats.block(hash);
    return {
      lines: [`${hash} is blocked. ${counted(ended, 'waiting alert')} will not be sent.`],
      json: { chat: hash, blocked: true, alertsEnded: ended },
    };
  });
};

export const unblockChat: Run = (call, deps) => {
  const hash = readHash(call);
  return withChats(deps, async (chats) => {
    await chats.unblock(hash);
    return { lines: [`${hash} is no longer blocked.`], json: { chat: hash, blocked: false } };
  });
};

/** Beside a running service or without one: the database is all they need. */
export async function withChats<T>(deps: CommandDeps, work: (chats: ChatService) => Promise<T>): Promise<T> {
  const { config, log } = deps.setUp();
  const db = await openExisting(config.database);
  try {
    const events = createEventBus();
    logEvents(events, log, deps.clock);
    return await work(await openChats({ config, db, events, clock: deps.clock }));
  } finally {
    await db.close();
  }
}

function readHash({ args }: Call): string {
  const [hash = ''] = args;
  if (!HASH.test(hash)) throw new WrongUse('a hash has 16 characters of 0-9 a-f: `chats list` shows them');
  return hash;
}
