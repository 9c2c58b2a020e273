import type { Method } from './method.ts';
import { isRecord, readJson, readString } from './payload.ts';
import { badRequest } from './refusals.ts';
import type { DoubleState } from './state.ts';
import type { BotCommand, Chat, Payload, User } from './types.ts';

const MAX_COMMANDS = 100;
const MAX_DESCRIPTION = 256;

export interface Commands {
  readonly methods: Record<string, Method>;
  /** The menu that a person sees in this chat: of the narrowest scope that has one, in their language or in any. */
  menu(chat: Chat, person: User): readonly BotCommand[];
}

function scopeKey(payload: Payload): string {
  const scope = readJson(payload, 'scope');
  if (scope === undefined) return 'default';
  if (!isRecord(scope) || typeof scope.type !== 'string') throw badRequest("can't parse BotCommandScope");
  return [scope.type, scope.chat_id, scope.user_id].filter((part) => part !== undefined).join(':');
}

function keyOf(payload: Payload): string {
  const language = readString(payload, 'language_code') ?? '';
  if (!/^([a-z]{2})?$/.test(language)) throw badRequest('invalid language code specified');
  return `${scopeKey(payload)}/${language}`;
}

function checkCommands(raw: unknown): BotCommand[] {
  if (!Array.isArray(raw)) throw badRequest("can't parse commands JSON object");
  if (raw.length > MAX_COMMANDS) throw badRequest('BOT_COMMANDS_TOO_MUCH');
  return raw.map((entry: unknown) => {
    const command = isRecord(entry) ? entry.command : undefined;
    const description = isRecord(entry) ? entry.description : undefined;
    if (typeof command !== 'string' || !/^\/?[a-z0-9_]{1,32}$/.test(command))
      throw badRequest('BOT_COMMAND_INVALID');
    if (typeof description !== 'string' || description === '' || [...description].length > MAX_DESCRIPTION)
      throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
    return { command: command.replace(/^\//, ''), description };
  });
}

export function createCommands(state: DoubleState): Commands {
  const lists = new Map<string, readonly BotCommand[]>();
  return {
    methods: {
      setMyCommands(payload) {
        lists.set(keyOf(payload), checkCommands(readJson(payload, 'commands')));
        state.emit({ type: 'commands' });
        return true;
      },
      getMyCommands: (payload) => lists.get(keyOf(payload)) ?? [],
      deleteMyCommands(payload) {
        lists.delete(keyOf(payload));
        state.emit({ type: 'commands' });
        return true;
      },
    },
    menu(chat, person) {
      for (const scope of scopesOf(chat, person))
        for (const code of [person.language_code ?? '', '']) {
          const list = lists.get(`${scope}/${code}`);
          if (list && list.length > 0) return list;
        }
      return [];
    },
  };

  /** The Bot API's order ("Determining list of commands"). Channels have no menu. */
  function scopesOf({ id, type }: Chat, person: User): string[] {
    if (type === 'channel') return [];
    if (type === 'private') return [`chat:${id}`, 'all_private_chats', 'default'];
    const status = state.chats.get(id)?.members.get(person.id)?.status ?? 'left';
    const isAdministrator = status === 'creator' || status === 'administrator';
    return [
      `chat_member:${id}:${person.id}`,
      ...(isAdministrator ? [`chat_administrators:${id}`] : []),
      `chat:${id}`,
      ...(isAdministrator ? ['all_chat_administrators'] : []),
      'all_group_chats',
      'default',
    ];
  }
}
