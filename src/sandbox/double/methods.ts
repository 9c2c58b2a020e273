import type { Callbacks } from './callbacks.ts';
import { chatMethods } from './chat-methods.ts';
import type { Commands } from './commands.ts';
import type { SendLimits } from './limits.ts';
import { messageMethods } from './message-methods.ts';
import type { Method } from './method.ts';
import { readFlag, readInteger, readJson, readString } from './payload.ts';
import { badRequest, conflict, Refusal } from './refusals.ts';
import type { DoubleState } from './state.ts';
import type { Payload } from './types.ts';
import type { UpdateQueue } from './updates.ts';
import type { Webhook } from './webhook.ts';

interface MethodDeps {
  readonly state: DoubleState;
  readonly updates: UpdateQueue;
  readonly webhook: Webhook;
  readonly callbacks: Callbacks;
  readonly commands: Commands;
  readonly limits: SendLimits | undefined;
  leave(chatId: number): void;
}

function allowedUpdates(payload: Payload): readonly string[] | undefined {
  const raw = readJson(payload, 'allowed_updates');
  if (raw === undefined) return undefined;
  if (!Array.isArray(raw)) throw badRequest("can't parse allowed_updates JSON object");
  return raw.map(String);
}

function updateMethods({ updates, webhook, state }: MethodDeps): Record<string, Method> {
  return {
    getMe: () => ({
      ...state.bot,
      can_join_groups: true,
      can_read_all_group_messages: false,
      supports_inline_queries: false,
    }),
    getUpdates(payload, context) {
      if (webhook.url)
        throw conflict(
          "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        );
      updates.setAllowed(allowedUpdates(payload));
      return updates.poll(
        {
          offset: readInteger(payload, 'offset') ?? 0,
          limit: readInteger(payload, 'limit') ?? 100,
          timeoutSeconds: readInteger(payload, 'timeout') ?? 0,
        },
        context.onGone,
      );
    },
    setWebhook(payload) {
      const url = readString(payload, 'url') ?? '';
      updates.setAllowed(allowedUpdates(payload));
      if (readFlag(payload, 'drop_pending_updates')) updates.clear();
      if (url) webhook.set(url, readString(payload, 'secret_token') ?? '');
      else webhook.remove();
      return true;
    },
    deleteWebhook(payload) {
      if (readFlag(payload, 'drop_pending_updates')) updates.clear();
      webhook.remove();
      return true;
    },
    getWebhookInfo() {
      const { url, lastErrorDate, lastErrorMessage } = webhook.info();
      return {
        url,
        has_custom_certificate: false,
        pending_update_count: updates.pending,
        ...(lastErrorDate === undefined ? {} : { last_error_date: lastErrorDate }),
        ...(lastErrorMessage === undefined ? {} : { last_error_message: lastErrorMessage }),
        ...(updates.allowed.length > 0 ? { allowed_updates: updates.allowed } : {}),
      };
    },
  };
}

/** All methods by lower-case name: the Bot API does not mind the case. @throws Refusal 404 for an unknown one */
export function createMethods(deps: MethodDeps): (name: string) => Method {
  const { state } = deps;
  const named: Record<string, Method> = {
    ...updateMethods(deps),
    ...messageMethods(state, deps.limits),
    ...chatMethods(state, deps.leave),
    ...deps.commands.methods,
    answerCallbackQuery: deps.callbacks.answerCallbackQuery,
    getFile(payload) {
      const fileId = readString(payload, 'file_id') ?? '';
      const content = state.file(fileId);
      if (!content) throw badRequest('invalid file_id');
      return { file_id: fileId, file_unique_id: fileId, file_size: content.length, file_path: fileId };
    },
    logOut: () => true,
    close: () => true,
  };
  const table = new Map(Object.entries(named).map(([name, method]) => [name.toLowerCase(), method]));
  return (name) => {
    const method = table.get(name.toLowerCase());
    if (method) return method;
    // setMyDescription, setMyName, setChatMenuButton and so on change nothing that the double shows.
    if (/^set(my|chatmenubutton)/i.test(name)) return () => true;
    throw new Refusal(404, 'Not Found: method not found');
  };
}
