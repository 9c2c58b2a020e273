import type { RequestHandler } from 'express';
import { AppError } from '../../domain/errors.ts';
import type { Integration } from '../../domain/integration.ts';
import { integrationOf } from '../request-context.ts';

/** Refuses what cannot arrive: `integration_not_active`, with what a person has to do. After verifyJwtToken. */
export const validateStatus: RequestHandler = (req, _res, next) => {
  const why = hindrance(integrationOf(req));
  next(why === undefined ? undefined : new AppError('integration_not_active', why));
};

function hindrance(integration: Integration): string | undefined {
  switch (integration.status) {
    case 'pending':
      return 'This integration is not set up yet: exchange its setup token first.';
    case 'revoked':
      return 'This integration was revoked. Get a new token from the bot with /token.';
    case 'active':
      if (integration.unreachableSince === null) return undefined;
      // Telegram's group and channel ids are negative.
      return integration.chatId < 0
        ? 'Telegram refuses to deliver to this group: the bot was removed or may not write. Add it back and send /start there.'
        : 'Telegram refuses to deliver to this chat: the person has to unblock the bot and send it /start.';
  }
}
