import { parseArgs } from 'node:util';
import { askBotName, openChats } from '../app/chats.ts';
import type { Config } from '../config/config.ts';
import { openExisting } from '../db/engine/open-existing.ts';
import { AppError } from '../domain/errors.ts';
import { createEventBus } from '../domain/events.ts';
import { logEvents } from '../ops/log-events.ts';
import type { Logger } from '../ops/logger.ts';
import type { ChatService, ListedChat } from '../services/chats/chats.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { CommandIo } from './command.ts';
import { USAGE } from './usage.ts';

interface ChatsDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly io: CommandIo;
}

const HASH = /^[0-9a-f]{16}$/;
const DAY_MS = 86_400_000;
/** Days that an invitation is good for, unless told otherwise; and at most. */
const INVITE_DAYS = 7;
const MAX_INVITE_DAYS = 365;

/** `chats list | block <hash> | unblock <hash>`, beside a running service or without one. Returns the exit code. */
export async function runChats(argv: readonly string[], deps: ChatsDeps): Promise<number> {
  const { io } = deps;
  const [verb, hash = '', ...rest] = argv;
  const isList = verb === 'list' && argv.length === 1;
  const isChange = (verb === 'block' || verb === 'unblock') && HASH.test(hash) && rest.length === 0;
  if (!isList && !isChange) {
    io.error(USAGE);
    return 2;
  }
  return withChats(deps, async (chats) => {
    if (isList) {
      for (const line of describe(await chats.list())) io.log(line);
    } else if (verb === 'block') {
      const ended = await chats.block(hash);
      io.log(`${hash} is blocked. ${ended} waiting ${ended === 1 ? 'alert' : 'alerts'} will not be sent.`);
    } else {
      await chats.unblock(hash);
      io.log(`${hash} is no longer blocked.`);
    }
  });
}

/** `invite [--days <number>]`: a link that lets one chat in, once. Returns the exit code. */
export async function runInvite(argv: readonly string[], deps: ChatsDeps): Promise<number> {
  const { io, config } = deps;
  const days = readDays(argv);
  if (days === undefined) {
    io.error(USAGE);
    return 2;
  }
  return withChats(deps, async (chats) => {
    const { payload, expiresAt } = await chats.invite(days * DAY_MS);
    const bot = await askBotName(config);
    const until = new Date(expiresAt).toISOString();
    const way = bot === undefined ? `/start ${payload}` : `https://t.me/${bot}?start=${payload}`;
    io.log(way);
    io.error(
      bot === undefined
        ? `Send this to the bot. It works once, until ${until}. (Telegram did not say what the bot is called, so there is no link.)`
        : `This link lets one chat in, once, until ${until}. In a group, send /start ${payload}`,
    );
    if (config.registration === 'open')
      io.error('REGISTRATION is open: everybody can use the bot, with or without a link.');
  });
}

async function withChats(deps: ChatsDeps, work: (chats: ChatService) => Promise<void>): Promise<number> {
  const { config, clock, io } = deps;
  const db = await openExisting(config.database);
  try {
    const events = createEventBus();
    logEvents(events, deps.log, clock);
    await work(await openChats({ config, db, events, clock }));
    return 0;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    io.error(error.detail);
    return 1;
  } finally {
    await db.close();
  }
}

function describe(chats: readonly ListedChat[]): string[] {
  if (chats.length === 0) return ['No chat is registered.'];
  return chats.map(({ hash, registeredAt, blockedAt, integrations }) => {
    const count = `${integrations} ${integrations === 1 ? 'integration' : 'integrations'}`;
    const since = new Date(registeredAt).toISOString().slice(0, 10);
    const block = blockedAt === null ? '' : `, blocked ${new Date(blockedAt).toISOString().slice(0, 10)}`;
    return `${hash}  registered ${since}, ${count}${block}`;
  });
}

function readDays(argv: readonly string[]): number | undefined {
  try {
    const { values } = parseArgs({ args: [...argv], options: { days: { type: 'string' } } });
    const days = values.days === undefined ? INVITE_DAYS : Number(values.days);
    return Number.isInteger(days) && days >= 1 && days <= MAX_INVITE_DAYS ? days : undefined;
  } catch {
    return undefined;
  }
}
