import { performance } from 'node:perf_hooks';
import { createBotRequests } from './double/bot-requests.ts';
import { type Call, createCallLog } from './double/call-log.ts';
import { type Callbacks, createCallbacks } from './double/callbacks.ts';
import { createCommands } from './double/commands.ts';
import { createControl } from './double/control.ts';
import { createFaults, type Faults } from './double/faults.ts';
import { createRestartableServer } from './double/http-server.ts';
import { createSendLimits, type LimitOptions, TELEGRAM_LIMITS } from './double/limits.ts';
import { createMethods } from './double/methods.ts';
import { createPeople, type People } from './double/people.ts';
import { restoreSnapshot, type Snapshot, takeSnapshot } from './double/snapshot.ts';
import { createState, type DoubleState } from './double/state.ts';
import type { BotCommand, Chat, StoredMessage, User } from './double/types.ts';
import { createUpdateQueue } from './double/updates.ts';
import { createWebhook } from './double/webhook.ts';

export type { Call } from './double/call-log.ts';
export { errorAnswer, type FaultOptions, tooManyRequestsAnswer } from './double/faults.ts';
export type { Snapshot } from './double/snapshot.ts';
export type { Chat, StoredMessage, User } from './double/types.ts';

interface BotApiDoubleOptions {
  /** The right token; others get 401. Absent: every well-formed one is right. */
  readonly token?: string;
  readonly bot?: Partial<Omit<User, 'is_bot'>>;
  /** Opens `/control/…` to tests of another process. Default false. */
  readonly control?: boolean;
  /** Answers 429 beyond Telegram's published limits (or those given here). Default false. */
  readonly enforceLimits?: boolean | LimitOptions;
  /** Calls, messages and updates kept in memory, each. Default 10000. */
  readonly dropOldMessages?: number;
  /** Epoch milliseconds; for message dates and the life of callback queries. */
  readonly now?: () => number;
  /** Told of mistakes of the double itself; default: nothing but a 500 answer. */
  readonly onError?: (error: unknown) => void;
}

export interface BotApiDouble
  extends Omit<People, 'person' | 'you'>,
    Pick<DoubleState, 'onEvent' | 'bot' | 'file'> {
  /** @param port default 0: a free one @returns `apiRoot` without a trailing slash */
  start(port?: number): Promise<{ apiRoot: string; port: number }>;
  stop(): Promise<void>;
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  readonly apiRoot: string;
  /** The person who acts in groups when a test names no other. */
  readonly you: User;
  /** The menu that a person (default: you) sees in the chat. */
  menu(chat: Chat, person?: User): readonly BotCommand[];
  /** The conversations, in at most this many characters of JSON; the oldest messages are left out. */
  snapshot(maxLength: number): Snapshot;
  /** Goes on with them, in the chats that are there. */
  restore(snapshot: Snapshot): void;
  readonly chats: readonly Chat[];
  readonly calls: readonly Call[];
  clearCalls(): void;
  /** The messages of a chat as they are now, oldest first. @throws Error for an unknown chat */
  messages(chatId: number): StoredMessage[];
  /** @returns the callback query's id @throws Error when the message has no such button */
  pressButton(chatId: number, messageId: number, data: string, from?: User): string;
  callbackAnswer: Callbacks['answer'];
  fault: Faults['add'];
  clearFaults(): void;
  readonly pendingUpdates: number;
}

const BOT: User = { id: 424_242, is_bot: true, first_name: 'Pingui Alert', username: 'pingui_sandbox_bot' };
const YOU: User = { id: 1_000_001, is_bot: false, first_name: 'You', username: 'you', language_code: 'en' };

/**
 * An HTTP server on 127.0.0.1 that speaks the Telegram Bot API for one bot, as telegram.md describes it, with the
 * people and chats on the other side, fault injection and (if asked for) Telegram's limits.
 */
export function createBotApiDouble(options: BotApiDoubleOptions = {}): BotApiDouble {
  const now = options.now ?? (() => Date.now());
  const keep = options.dropOldMessages ?? 10_000;
  const state = createState({ ...BOT, ...options.bot }, keep, now);
  const updates = createUpdateQueue(keep);
  const webhook = createWebhook(updates, now);
  const people = createPeople(state, updates, YOU);
  const callbacks = createCallbacks(state, updates, now);
  const commands = createCommands(state);
  const faults = createFaults();
  const log = createCallLog(keep);
  const rates = options.enforceLimits === true ? TELEGRAM_LIMITS : options.enforceLimits || undefined;
  const limits = rates && createSendLimits(() => performance.now(), rates);
  const leave = (chatId: number): void => people.setBotStatus(chatId, 'left', state.bot);
  const methods = createMethods({ state, updates, webhook, callbacks, commands, limits, leave });
  const answerBot = createBotRequests({
    token: options.token,
    methods,
    faults,
    calls: log,
    file: state.file,
    arrival: () => performance.timeOrigin + performance.now(),
    onError: options.onError ?? (() => {}),
  });
  const messages = (chatId: number): StoredMessage[] => [...state.chat(chatId).messages.values()];
  const pressButton: BotApiDouble['pressButton'] = (chatId, messageId, data, from) => {
    const record = state.chat(chatId);
    return callbacks.press(record, messageId, data, people.person(record, from));
  };
  const server = createRestartableServer((req, res) => {
    const isControl = options.control && req.url?.startsWith('/control/');
    void (isControl ? answerControl(req, res) : answerBot(req, res)); // neither rejects
  });
  const goDown = async (): Promise<void> => {
    updates.release();
    await server.goDown();
  };
  const { comeBack } = server;
  const answerControl = createControl({
    ...people,
    faults,
    calls: log,
    messages,
    pressButton,
    goDown,
    comeBack,
  });
  const apiRoot = (): string => `http://127.0.0.1:${server.port}`;
  const { person: _person, you, ...acts } = people;

  return {
    ...acts,
    bot: state.bot,
    get you() {
      return you();
    },
    onEvent: state.onEvent,
    file: state.file,
    menu: (chat, person = you()) => commands.menu(chat, person),
    snapshot: (maxLength) => takeSnapshot(state, people, maxLength),
    restore: (snapshot) => restoreSnapshot(state, people, snapshot),
    async start(port = 0) {
      await server.start(port);
      return { apiRoot: apiRoot(), port: server.port };
    },
    async stop() {
      webhook.remove();
      await goDown();
    },
    goDown,
    comeBack,
    get apiRoot() {
      return apiRoot();
    },
    get chats() {
      return [...state.chats.values()]
        .filter((record) => record.migratedTo === undefined)
        .map(({ chat }) => chat);
    },
    calls: log.calls,
    clearCalls: log.clear,
    messages,
    pressButton,
    callbackAnswer: callbacks.answer,
    fault: faults.add,
    clearFaults: faults.clear,
    get pendingUpdates() {
      return updates.pending;
    },
  };
}
