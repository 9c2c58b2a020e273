import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeJson } from './answers.ts';
import type { CallLog } from './call-log.ts';
import type { FaultOptions, Faults } from './faults.ts';
import { isRecord, readInteger, readString } from './payload.ts';
import type { People } from './people.ts';
import { Refusal } from './refusals.ts';
import { parseJson, readBody } from './request-body.ts';
import { refusalOf } from './same-origin.ts';
import type { BotStatus, Chat, User } from './types.ts';

interface ControlDeps extends Pick<People, 'addChat' | 'addMember' | 'addTopic' | 'migrateChat'> {
  readonly faults: Faults;
  readonly calls: CallLog;
  messages(chatId: number): unknown;
  userSends: People['userSends'];
  setBotStatus: People['setBotStatus'];
  pressButton(chatId: number, messageId: number, data: string): string;
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
}

type Action = (input: Record<string, unknown>) => unknown;

function need<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Refusal(400, `${field} is missing`);
  return value;
}

const chatIdOf = (input: Record<string, unknown>): number => need(readInteger(input, 'chatId'), 'chatId');

function userOf(input: Record<string, unknown>): User | undefined {
  return isRecord(input.from) ? (input.from as unknown as User) : undefined; // a test's own object
}

/** The double's levers over HTTP, for tests of another process. `POST /control/down {ms}` comes back on its own. */
function actions(deps: ControlDeps): Record<string, Action> {
  return {
    'GET calls': (input) => {
      const method = readString(input, 'method');
      const since = Number(readString(input, 'since') ?? 0);
      const wanted = deps.calls.calls.filter(
        (call) => call.at > since && (method === undefined || call.method === method),
      );
      return { calls: wanted };
    },
    'POST calls/clear': () => deps.calls.clear(),
    'GET messages': (input) => ({ messages: deps.messages(chatIdOf(input)) }),
    // Tests send what FaultOptions says; the double checks no more than they would.
    'POST faults': (input) => void deps.faults.add(input as unknown as FaultOptions),
    'POST faults/clear': () => deps.faults.clear(),
    'POST chats': (input) => deps.addChat(input.chat as Chat),
    'POST members': (input) => deps.addMember(chatIdOf(input), need(userOf(input), 'from')),
    'POST topics': (input) =>
      deps.addTopic(
        chatIdOf(input),
        need(readInteger(input, 'threadId'), 'threadId'),
        readString(input, 'name') ?? '',
      ),
    'POST user-sends': (input) => ({
      message: deps.userSends(chatIdOf(input), need(readString(input, 'text'), 'text'), userOf(input)),
    }),
    'POST press': (input) => ({
      callbackId: deps.pressButton(
        chatIdOf(input),
        need(readInteger(input, 'messageId'), 'messageId'),
        need(readString(input, 'data'), 'data'),
      ),
    }),
    'POST bot-status': (input) =>
      deps.setBotStatus(
        chatIdOf(input),
        need(readString(input, 'status'), 'status') as BotStatus,
        userOf(input),
        input.canPost !== false,
      ),
    'POST migrate': (input) => deps.migrateChat(chatIdOf(input), need(readInteger(input, 'to'), 'to')),
    'POST down': (input) => {
      const ms = need(readInteger(input, 'ms'), 'ms');
      // After the answer went out; nobody could call "up" after that, so it comes back on its own.
      setTimeout(() => {
        const back = (): void => void deps.comeBack().catch(() => setTimeout(back, 50));
        deps.goDown().then(() => setTimeout(back, ms), back);
      }, 20);
    },
  };
}

/** Answers `/control/<action>`; loopback and JSON only. Never rejects. */
export function createControl(
  deps: ControlDeps,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const table = actions(deps);
  return async (req, res) => {
    try {
      const refused = refusalOf(req);
      if (refused) throw new Refusal(403, refused);
      const url = new URL(req.url ?? '/', 'http://double');
      const action = table[`${req.method} ${url.pathname.replace(/^\/control\//, '')}`];
      if (!action) throw new Refusal(404, 'Not Found');
      const body = req.method === 'POST' ? parseJson(await readBody(req)) : {};
      const result = action({ ...Object.fromEntries(url.searchParams), ...body });
      writeJson(res, { status: 200, body: { ok: true, ...(isRecord(result) ? result : {}) } });
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 400;
      const description = error instanceof Error ? error.message : String(error);
      writeJson(res, { status, body: { ok: false, description } });
    }
  };
}
