import type { InlineKeyboardButton } from 'telegraf/types';
import type { CapabilityKey } from '../../domain/capability-key.ts';
import { AppError } from '../../domain/errors.ts';
import type { Integration } from '../../domain/integration.ts';
import { type Keyboard, keyboardOf, pressedByManager, replaceMessage } from '../buttons.ts';
import type { BotContext } from '../context.ts';
import { keyLink } from '../deep-link.ts';
import { displayName, numberedName } from '../describe-integration.ts';
import { type Feature, type FeatureDeps, onButton, onCommand } from '../feature.ts';
import { mayManage } from '../guards/administrators.ts';
import type { RefuseMembers } from '../guards/refuse-members.ts';
import type { KeyDesk } from '../key-desk.ts';

/** Callback data (at most 64 bytes): a word, and ids that are not to be trusted: the chat's own integrations alone count. */
const NEW = 'key-new';
const OF = 'key-of';
const FOR = 'key-for';
const ASK = 'key-del';
const CONFIRM = 'key-del-yes';
const CANCEL = 'key-del-no';

/** As many as fit into one message (4096 characters) with names of maximum length. */
export const MAX_KEYS_LISTED = 20;

interface OwnKey {
  readonly key: CapabilityKey;
  readonly integration: Integration;
}

/** `/keys`: what each key is for, with a button to revoke it; and one that makes a new key, in the private chat. */
export function keysFeature(
  deps: Pick<FeatureDeps, 'integrations' | 'keys' | 'adapters'> & { desk: KeyDesk; refuse: RefuseMembers },
): Feature[] {
  const { integrations, keys } = deps;

  const active = async (ctx: BotContext): Promise<Integration[]> =>
    ctx.chat === undefined ? [] : integrations.listActive(ctx.chat.id);

  async function findIntegration(ctx: BotContext, id: string): Promise<Integration | undefined> {
    return (await active(ctx)).find((one) => String(one.id) === id);
  }

  async function listOwn(ctx: BotContext): Promise<OwnKey[]> {
    const own: OwnKey[] = [];
    for (const integration of await active(ctx))
      own.push(...(await keys.list(integration)).map((key) => ({ key, integration })));
    return own;
  }

  async function findOwn(ctx: BotContext, value: string): Promise<OwnKey | undefined> {
    const [integrationId = '', id] = value.split(':');
    const integration = await findIntegration(ctx, integrationId);
    const known = integration === undefined ? [] : await keys.list(integration);
    const key = known.find((one) => String(one.id) === id);
    return integration && key && { key, integration };
  }

  const list = onCommand(['keys'], async (ctx) => {
    if (!(await mayManage(ctx))) return deps.refuse(ctx);
    const { texts } = ctx;
    if ((await active(ctx)).length === 0) return ctx.reply(texts.noActiveIntegration);
    const all = await listOwn(ctx);
    const listed = all.slice(0, MAX_KEYS_LISTED);
    const lines = listed.map(({ key, integration }) =>
      texts.keyLine({ ...key, integration: displayName(integration, texts) }),
    );
    lines.unshift(all.length === 0 ? texts.noKeys : texts.keysTitle);
    if (all.length > listed.length) lines.push(texts.moreKeys(all.length - listed.length));
    const revoke = listed.map(({ key }) => ({
      text: texts.revokeButton(`${key.name} (${key.adapter})`),
      callback_data: `${ASK}:${key.integrationId}:${key.id}`,
    }));
    const make = { text: texts.newKeyButton, callback_data: `${NEW}:` };
    await ctx.reply(lines.join('\n'), keyboardOf([...revoke, make]));
  });

  const begin = onButton(NEW, async (ctx) => {
    if (!(await pressedByManager(ctx))) return;
    const own = await active(ctx);
    const [only, ...others] = own;
    if (only === undefined) await replaceMessage(ctx, ctx.texts.noActiveIntegration);
    else if (others.length === 0) await askTool(ctx, only);
    else {
      const choices = own.map((one) => ({
        text: numberedName(one, ctx.texts),
        callback_data: `${OF}:${one.id}`,
      }));
      await replaceMessage(ctx, ctx.texts.keyOfWhich, keyboardOf(choices));
    }
  });

  const chooseIntegration = onButton(OF, async (ctx, id) => {
    if (!(await pressedByManager(ctx))) return;
    const integration = await findIntegration(ctx, id);
    if (integration === undefined) await replaceMessage(ctx, ctx.texts.revokeGone);
    else await askTool(ctx, integration);
  });

  /** Elsewhere than in a private chat the buttons lead there. */
  async function askTool(ctx: BotContext, { id: integrationId, chatId }: Integration): Promise<void> {
    const isPrivate = ctx.chat?.type === 'private';
    const buttons = deps.adapters.map(({ name: adapter }): InlineKeyboardButton => {
      if (isPrivate) return { text: adapter, callback_data: `${FOR}:${integrationId}:${adapter}` };
      return { text: adapter, url: keyLink(ctx.me, { chatId, integrationId, adapter }) };
    });
    const question = isPrivate ? ctx.texts.keyForWhich : ctx.texts.keyForWhichPrivately;
    await replaceMessage(ctx, question, keyboardOf(buttons));
  }

  const make = onButton(FOR, async (ctx, value) => {
    // Elsewhere there is no such button.
    if (ctx.chat?.type !== 'private' || !(await pressedByManager(ctx))) return;
    const [id = '', adapter = ''] = value.split(':');
    const integration = await findIntegration(ctx, id);
    if (integration === undefined) return replaceMessage(ctx, ctx.texts.revokeGone);
    // First, so that the buttons are gone: each press would make another key.
    const name = displayName(integration, ctx.texts);
    await replaceMessage(ctx, ctx.texts.keyChosen({ adapter, integration: name }));
    await deps.desk.hand(ctx, integration, adapter);
  });

  const ask = onButton(ASK, async (ctx, value) => {
    if (!(await pressedByManager(ctx))) return;
    const own = await findOwn(ctx, value);
    if (own === undefined) await replaceMessage(ctx, ctx.texts.keyGone);
    else await replaceMessage(ctx, ctx.texts.revokeKeyConfirm(own.key), yesOrNo(ctx, value));
  });

  const confirm = onButton(CONFIRM, async (ctx, value) => {
    if (!(await pressedByManager(ctx))) return;
    const own = await findOwn(ctx, value);
    if (own === undefined) return replaceMessage(ctx, ctx.texts.keyGone);
    await keys.revoke(own.integration, own.key.id).catch((error: unknown) => {
      // Two presses at once: what was asked for has happened.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error;
    });
    await replaceMessage(ctx, ctx.texts.keyRevoked(own.key));
  });

  const cancel = onButton(CANCEL, async (ctx) => {
    if (await pressedByManager(ctx)) await replaceMessage(ctx, ctx.texts.revokeCancelled);
  });

  return [list, begin, chooseIntegration, make, ask, confirm, cancel];
}

function yesOrNo({ texts }: BotContext, value: string): Keyboard {
  const yes = { text: texts.revokeYes, callback_data: `${CONFIRM}:${value}` };
  const no = { text: texts.revokeNo, callback_data: `${CANCEL}:${value}` };
  return { reply_markup: { inline_keyboard: [[yes, no]] } };
}
