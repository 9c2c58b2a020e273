import type { MiddlewareFn } from 'telegraf';
import type { AlertService } from '../services/alerts/alerts.ts';
import type { Acknowledgements } from '../services/incidents/acknowledgements.ts';
import type { IntegrationService } from '../services/integrations/integrations.ts';
import type { KeyService } from '../services/keys/keys.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { BotContext } from './context.ts';

/** What features need from the service. */
export interface FeatureDeps {
  readonly integrations: IntegrationService;
  readonly alerts: Pick<AlertService, 'accept'>;
  readonly keys: Pick<KeyService, 'make' | 'list' | 'revoke'>;
  /** The tools that the bot makes keys for. `path`: where one sends with its key. */
  readonly adapters: readonly { readonly name: string; path(key: string): string }[];
  readonly acknowledgements: Pick<Acknowledgements, 'press'>;
  readonly clock: Clock;
  /** Where senders reach the API, without a trailing slash; read late, because the port may not be known earlier. */
  readonly publicUrl: () => string;
  /** Alerts per integration and day. */
  readonly dailyLimit: number;
  /** IANA name. */
  readonly timeZone: string;
}

export type Feature = MiddlewareFn<BotContext>;

/** Runs the handler for these commands, in every kind of chat; in a channel they are posts. */
export function onCommand(
  names: readonly string[],
  handler: (ctx: BotContext, payload: string) => Promise<unknown>,
): Feature {
  return async (ctx, next) => {
    const command = ctx.command;
    if (command === undefined || !names.includes(command.name)) return next();
    await handler(ctx, command.payload);
  };
}

/** Runs the handler for our buttons that start with this word; `value` is the rest of the data. */
export function onButton(
  word: string,
  handler: (ctx: BotContext, value: string) => Promise<unknown>,
): Feature {
  return async (ctx, next) => {
    const query = ctx.callbackQuery;
    if (query === undefined || !('data' in query) || !query.data.startsWith(`${word}:`)) return next();
    await handler(ctx, query.data.slice(word.length + 1));
  };
}
