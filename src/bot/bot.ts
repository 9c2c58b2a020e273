import type { Agent } from 'node:http';
import { Telegraf } from 'telegraf';
import type { Update } from 'telegraf/types';
import type { ChatService } from '../services/chats/chats.ts';
import type { AnswerPace } from '../services/ports/queue.ts';
import { createAwaitAnswer, createDropLog } from './answers.ts';
import { type BotApi, type CallObserver, createBotApi } from './bot-api.ts';
import type { BotLogger } from './bot-logger.ts';
import { publishMenu } from './commands-menu.ts';
import { BotContext } from './context.ts';
import type { FeatureDeps } from './feature.ts';
import { acknowledgeFeature } from './features/acknowledge.ts';
import { helpFeature } from './features/help.ts';
import { idFeature } from './features/id.ts';
import { integrationsFeature } from './features/integrations.ts';
import { keysFeature } from './features/keys.ts';
import { membershipFeature } from './features/membership.ts';
import { migrationFeature } from './features/migration.ts';
import { quotaFeature } from './features/quota.ts';
import { revokeFeature } from './features/revoke.ts';
import { showNameFeature } from './features/show-name.ts';
import { startFeature } from './features/start.ts';
import { testFeature } from './features/test.ts';
import { tokenFeature } from './features/token.ts';
import { unhandledFeature } from './features/unhandled.ts';
import { createAdmission } from './guards/admission.ts';
import { createErrorBoundary } from './guards/error-boundary.ts';
import { createRefuseMembers } from './guards/refuse-members.ts';
import { createKeyDesk } from './key-desk.ts';
import { createTellSetUp, type TellSetUp } from './tell-set-up.ts';
import { createTokenDesk } from './token-desk.ts';
import { createBursts } from './updates/bursts.ts';
import type { Turn } from './updates/dispatcher.ts';
import { createSeenUpdates } from './updates/seen-updates.ts';

interface BotDeps extends FeatureDeps {
  readonly token: string;
  /** Without the bot's part: `https://api.telegram.org`; a path prefix is kept. */
  readonly apiRoot: string;
  /** One call's limit, in milliseconds. */
  readonly timeoutMs: number;
  readonly logger: BotLogger;
  readonly answerPace: AnswerPace;
  readonly chats: Pick<ChatService, 'standing' | 'redeem'>;
  /** REGISTRATION=invite. */
  readonly isInviteOnly: boolean;
  readonly onCall?: CallObserver;
  /** How the Bot API is reached; default: Node's way. */
  readonly agents?: () => Agent;
  /** Keyed hash for logs. */
  readonly hashChat: (chatId: number) => string;
}

export interface AlertBot {
  readonly api: BotApi;
  /** Asks Telegram once who the bot is; without that, no command can be understood. Rejects as the call does. */
  identify(signal?: AbortSignal): Promise<{ readonly id: number; readonly username: string }>;
  /** Never rejects. */
  publishMenu(signal?: AbortSignal): Promise<void>;
  readonly tellSetUp: TellSetUp;
  /**
   * Handles an update once; repeats are dropped, and so are commands that are left out
   * because their chat sends too many (bursts.ts).
   * Rejects only while the bot could not identify itself yet.
   */
  handle(update: Update, turn?: Turn): Promise<void>;
}

/** Telegraf stops waiting for a handler after this time, in milliseconds; its calls have their own, shorter limit. */
const HANDLER_LIMIT_MS = 90_000;

/** A group whose members go on asking for what they may not do is listened to so seldom, in ms. */
const SILENT_MS = 1_000;

/** The bot without a source of updates: createPoller or createWebhook feeds it. */
export function createBot(deps: BotDeps): AlertBot {
  const { logger } = deps;
  const onDropped = createDropLog(deps);
  const bursts = createBursts({ onDropped });
  const awaitAnswer = createAwaitAnswer({
    pace: deps.answerPace,
    hashChat: deps.hashChat,
    onDelayed: bursts.delayed,
    onDropped,
  });
  const api = createBotApi({ ...deps, awaitAnswer });
  const seen = createSeenUpdates();
  const telegraf = new Telegraf<BotContext>(deps.token, {
    handlerTimeout: HANDLER_LIMIT_MS,
    // Telegraf makes a client per update, without our limits: ours takes its place.
    contextType: class extends BotContext {
      constructor(...[update, , me]: ConstructorParameters<typeof BotContext>) {
        super(update, api.telegram, me);
      }
    },
  });
  telegraf.telegram = api.telegram;

  const desk = createTokenDesk(deps);
  const keyDesk = createKeyDesk(deps);
  const refuse = createRefuseMembers({
    clock: deps.clock,
    // Each costs a question to Telegram who is an administrator.
    onSilent: (chatId) => bursts.delayed(chatId, SILENT_MS),
  });
  telegraf.use(
    // Before the guard: a blocked group's new id is blocked, too.
    migrationFeature(deps),
    createAdmission(deps),
    membershipFeature(deps),
    startFeature({ ...deps, desk, keyDesk }),
    tokenFeature({ desk, refuse }),
    integrationsFeature(deps),
    ...showNameFeature(deps),
    ...revokeFeature({ ...deps, refuse }),
    ...keysFeature({ ...deps, desk: keyDesk, refuse }),
    ...acknowledgeFeature(deps),
    quotaFeature(deps),
    testFeature({ ...deps, refuse }),
    idFeature(),
    helpFeature(deps),
    unhandledFeature(),
  );
  telegraf.catch(createErrorBoundary(deps));

  async function identify(signal?: AbortSignal) {
    if (telegraf.botInfo !== undefined) return telegraf.botInfo;
    const me = await api.call('getMe', {}, { signal });
    // Another update may have asked as well.
    if (telegraf.botInfo === undefined) logger.info({ bot: `@${me.username}` }, 'Telegram knows this bot');
    telegraf.botInfo = me;
    return me;
  }

  return {
    api,
    identify,
    publishMenu: (signal) => publishMenu(api, logger, signal),
    tellSetUp: createTellSetUp({ api, logger, hashChat: deps.hashChat }),
    async handle(update, turn) {
      await identify();
      if (!seen.add(update.update_id) || bursts.isLeftOut(update, turn)) return;
      try {
        await telegraf.handleUpdate(update);
      } catch (error) {
        // The boundary itself failed, or the update is of no known form.
        logger.error({ updateId: update.update_id, error }, 'Failed to handle a bot update');
      }
    },
  };
}
