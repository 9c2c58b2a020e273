import { STATE_MESSAGES } from '../../src/bot/updates/update-source.ts';
import type { BotApiDouble, Call } from '../../src/sandbox/bot-api-double.ts';
import { botMessages } from '../support/provision.ts';
import type { LogLine } from '../support/service.ts';
import type { Fleet, Member } from './fleet.ts';

export interface PollWatch {
  /** The bot process that polls now, as it says itself. */
  poller(): Member | undefined;
  /** How often another process has taken over so far. */
  takeovers(): number;
  /** To be told of every end of a bot process, at its moment: from the poller's to the next poll is a takeover. */
  ends(bot: Member): void;
  /** Waits until everything that was asked of the bot is answered. */
  stop(): Promise<PollReport>;
}

export interface PollReport {
  /** Most processes that said they polled at the same time. */
  readonly mostAtOnce: number;
  /** Polls that Telegram ended (409) because another process polled. */
  readonly conflicts: number;
  readonly takeovers: number;
  /** With a process standing by all the time: while none is there, or when that one dies too, the time begins anew. */
  readonly longestTakeoverMs: number;
  readonly asked: number;
  readonly answered: number;
}

const POLLS = STATE_MESSAGES.polling;
const STATES = Object.values(STATE_MESSAGES);
const SAMPLE_MS = 50;
const ASK_EVERY_MS = 2_000;
const ANSWER_LIMIT_MS = 45_000;
/** Each asks once a minute: of commands that come in a burst from one chat, while nobody polls, some are left out. */
const ASKING_CHATS = 30;

/** Watches who polls, from both sides: what the bot processes log, and what Telegram's double is asked. */
export function watchPollers(fleet: Fleet, double: BotApiDouble, firstChatId: number): PollWatch {
  let mostAtOnce = 0;
  let asked = 0;
  let takeovers = 0;
  let longestTakeoverMs = 0;
  /** Epoch ms since which nobody polls. */
  let vacantSince: number | undefined;
  const chats = Array.from({ length: ASKING_CHATS }, (_, index) => firstChatId + index);
  for (const id of chats) double.addChat({ id, type: 'private', first_name: 'Ann' });
  const countMessages = () => chats.reduce((sum, id) => sum + botMessages(double, id).length, 0);
  const before = countMessages();

  /** What the running process said last; what it said before its restart does not count. */
  const stateLine = ({ service, startedAt }: Member): LogLine | undefined =>
    service.logs
      .slice(startedAt)
      .findLast(({ component, message }) => component === 'bot' && STATES.includes(message));
  const bots = () => fleet.members.filter((member) => member.role === 'bot' && member.up);
  const pollers = () => bots().filter((member) => stateLine(member)?.message === POLLS);

  const sample = (): void => {
    mostAtOnce = Math.max(mostAtOnce, pollers().length);
    if (vacantSince === undefined) return;
    if (bots().length === 0) vacantSince = Date.now();
    // By its log, since the last call of a poller that stops cleanly would look like the next one's first.
    const [taker] = pollers();
    if (taker === undefined) return;
    const takenAt = Date.parse(stateLine(taker)?.timestamp ?? '');
    takeovers += 1;
    longestTakeoverMs = Math.max(longestTakeoverMs, takenAt - vacantSince);
    vacantSince = undefined;
  };
  const sampler = setInterval(sample, SAMPLE_MS);
  const asker = setInterval(() => {
    double.userSends(chats[asked % ASKING_CHATS] ?? firstChatId, '/id');
    asked += 1;
  }, ASK_EVERY_MS);

  return {
    poller: () => pollers()[0],
    takeovers: () => takeovers,
    ends(bot) {
      sample();
      if (vacantSince !== undefined || pollers().includes(bot)) vacantSince = Date.now();
    },
    async stop() {
      clearInterval(asker);
      const answered = () => countMessages() - before;
      const deadline = performance.now() + ANSWER_LIMIT_MS;
      while ((answered() < asked || vacantSince !== undefined) && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      }
      clearInterval(sampler);
      const polls = double.calls.filter(({ method }) => method === 'getUpdates');
      const conflicts = polls.filter(
        ({ status }, index) => status === 409 && !isConfirmation(polls[index + 1]),
      );
      return {
        mostAtOnce,
        conflicts: conflicts.length,
        takeovers,
        longestTakeoverMs: Math.round(longestTakeoverMs),
        asked,
        answered: answered(),
      };
    },
  };
}

/**
 * The last call of a poller that stops: it confirms what was handled. Telegram may not have noticed yet that the same
 * process has hung up on its poll, and ends that one, to which nobody listens.
 */
function isConfirmation(call: Call | undefined): boolean {
  return call?.payload.timeout === 0 && call.payload.limit === 1;
}
