import type { BotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { botMessages } from '../support/provision.ts';
import type { Fleet, Member } from './fleet.ts';

export interface PollWatch {
  /** The bot process that polls now, as it says itself. */
  poller(): Member | undefined;
  /** To be told of every end of the poller, at its moment: the time to the next poll is a takeover. */
  pollerEnded(): void;
  /** Waits until everything that was asked of the bot is answered. */
  stop(): Promise<PollReport>;
}

export interface PollReport {
  /** Most processes that said they polled at the same time. */
  readonly mostAtOnce: number;
  /** Polls that Telegram ended because another one came: 409. */
  readonly conflicts: number;
  readonly takeovers: number;
  readonly longestTakeoverMs: number;
  readonly asked: number;
  readonly answered: number;
}

const SAMPLE_MS = 50;
const ASK_EVERY_MS = 2_000;
const ANSWER_LIMIT_MS = 45_000;

/** Watches who polls, from both sides: what the bot processes log, and what Telegram's double is asked. */
export function watchPollers(fleet: Fleet, double: BotApiDouble, chatId: number): PollWatch {
  let mostAtOnce = 0;
  let asked = 0;
  let takeovers = 0;
  let longestTakeoverMs = 0;
  /** Epoch ms since which nobody polls. */
  let vacantSince: number | undefined;
  let scanned = 0;
  const before = botMessages(double, chatId).length;

  const saysItPolls = ({ service }: Member): boolean =>
    service.logs.findLast(
      ({ component, message }) =>
        component === 'bot' &&
        /\bpolls\b|\bstands by\b|no updates any more|\bunreachable\b|another program/.test(message),
    )?.message === 'the bot polls for updates';
  const pollers = () =>
    fleet.members.filter((member) => member.role === 'bot' && member.up && saysItPolls(member));

  const sample = (): void => {
    mostAtOnce = Math.max(mostAtOnce, pollers().length);
    for (; scanned < double.calls.length; scanned++) {
      const call = double.calls[scanned];
      if (call?.method !== 'getUpdates' || vacantSince === undefined || call.at < vacantSince) continue;
      takeovers += 1;
      longestTakeoverMs = Math.max(longestTakeoverMs, call.at - vacantSince);
      vacantSince = undefined;
    }
  };
  const sampler = setInterval(sample, SAMPLE_MS);
  const asker = setInterval(() => {
    asked += 1;
    double.userSends(chatId, '/id');
  }, ASK_EVERY_MS);

  return {
    poller: () => pollers()[0],
    pollerEnded() {
      sample();
      vacantSince ??= performance.timeOrigin + performance.now();
    },
    async stop() {
      clearInterval(asker);
      const answered = () => botMessages(double, chatId).length - before;
      const deadline = performance.now() + ANSWER_LIMIT_MS;
      while ((answered() < asked || vacantSince !== undefined) && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      }
      clearInterval(sampler);
      const conflicts = double.calls.filter(
        ({ method, status }) => method === 'getUpdates' && status === 409,
      ).length;
      return {
        mostAtOnce,
        conflicts,
        takeovers,
        longestTakeoverMs: Math.round(longestTakeoverMs),
        asked,
        answered: answered(),
      };
    },
  };
}
