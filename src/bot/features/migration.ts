import type { Feature, FeatureDeps } from '../feature.ts';

/** Service messages of a group that became a supergroup: one in each of the two, in either order. */
export function migrationFeature(deps: Pick<FeatureDeps, 'integrations'>): Feature {
  return async (ctx, next) => {
    const { message } = ctx;
    if (message === undefined) return next();
    if ('migrate_to_chat_id' in message) {
      await deps.integrations.migrateChat(message.chat.id, message.migrate_to_chat_id);
    } else if ('migrate_from_chat_id' in message) {
      await deps.integrations.migrateChat(message.migrate_from_chat_id, message.chat.id);
    } else return next();
  };
}
