import { createAwaitAnswer } from '../bot/answers.ts';
import { createBotApi } from '../bot/bot-api.ts';
import { createQueueCheck } from '../ops/checks/queue-check.ts';
import { createWriteCheck } from '../ops/checks/write-check.ts';
import { startTelegramWatch } from '../ops/telegram-watch.ts';
import { createAnswerPace } from '../queue/answer-pace.ts';
import { createNoticeBoard } from '../queue/notice-board.ts';
import { createOperatorNotices } from '../services/operators/operator-notices.ts';
import { createOwnBoard } from '../services/operators/own-board.ts';
import type { TellOperator } from '../services/operators/troubles.ts';
import { createAgents } from '../telegram/agents.ts';
import { createCallReport } from '../telegram/call-report.ts';
import { classifyError } from '../telegram/outcomes.ts';
import type { Context } from './context.ts';
import type { Core } from './core.ts';
import { readFreeDisk } from './free-disk.ts';
import { COMMIT_HOLDS_MS, queueLimitMs } from './observation.ts';
import { createSights } from './operator-sights.ts';
import type { RedisConnections } from './redis.ts';
import { createProbe, type TelegramAccess } from './telegram.ts';
import type { StartedWorker } from './worker.ts';

interface OperatorChatDeps {
  readonly context: Context;
  readonly core: Core;
  readonly redis: RedisConnections;
  readonly access: TelegramAccess;
  readonly worker: StartedWorker | undefined;
}

/** Watches for troubles in this process, whatever its roles, and tells the chat of them. */
export async function startOperatorChat(
  chatId: number,
  deps: OperatorChatDeps,
): Promise<{ stop(): Promise<void> }> {
  const { config, clock, events, onError } = deps.context;
  const { core, redis, worker } = deps;
  const limitMs = queueLimitMs(config);
  const { api, tell } = createTell(chatId, deps);
  const watch = startTelegramWatch({ events, probe: createProbe(config, deps.access, events), clock });
  const writeCheck = (write: () => Promise<unknown>, holdsMs: number) =>
    createWriteCheck({
      ...{ write, clock, holdsMs },
      provenAt: () => Number.NEGATIVE_INFINITY,
      isRefusing: () => false,
    });
  const notices = createOperatorNotices({
    sights: createSights({
      redisCheck: deps.context.has('bot') ? writeCheck(core.probeRedis, 0) : undefined,
      databaseCheck: writeCheck(() => core.database.probeWrite(clock.now()), COMMIT_HOLDS_MS),
      contact: watch.state,
      sender: worker?.guard.state,
      counts: core.queue.counts,
      maxPending: config.queue.maxPending,
      queueCheck: createQueueCheck({
        counts: core.queue.counts,
        motion: core.motion,
        ...{ events, clock, limitMs, limits: config.queue, isForeign: core.isForeign },
      }),
      queueLimitMs: limitMs,
      history: core.jobRuns.history,
      freeDisk: () => readFreeDisk(config),
      ...{ events, clock, timeZone: config.timeZone },
    }),
    board: createNoticeBoard({ redis: redis.fast, prefix: config.redis.prefix }),
    ownBoard: createOwnBoard(),
    ...{ tell, clock, timeZone: config.timeZone, onError },
  });
  const stopping = new AbortController();
  const running = notices.run(stopping.signal);
  return {
    async stop() {
      stopping.abort();
      watch.stop();
      api.close();
      await running;
    },
  };
}

/** An answer of the bot's, at the pace of those; no alert, so that it needs no quota and no place in the queue. */
function createTell(chatId: number, { context, core, redis, access }: OperatorChatDeps) {
  const { config, events, log } = context;
  const { timeoutMs } = config.telegram;
  const { hashChat } = core.cipher;
  const api = createBotApi({
    ...access,
    timeoutMs,
    agents: createAgents({ ...access, timeoutMs }, false),
    awaitAnswer: createAwaitAnswer({
      pace: createAnswerPace({ redis: redis.fast, prefix: config.redis.prefix, ...config.worker }),
      hashChat,
      onDelayed: () => undefined,
      onDropped: () => undefined,
    }),
    onCall: createCallReport(events),
  });
  const tell: TellOperator = async (text) => {
    try {
      await api.call('sendMessage', { chat_id: chatId, text });
      return true;
    } catch (error) {
      log.child('bot').warn({ error, chatId: hashChat(chatId) }, "Could not tell the operator's chat");
      // Where nobody knows, it counts as told: once is the promise.
      return classifyError(error).kind === 'uncertain';
    }
  };
  return { api, tell };
}
