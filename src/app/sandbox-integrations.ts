import { hashToken, type Tokens } from '../crypto/tokens.ts';
import type { Integration } from '../domain/integration.ts';
import { SANDBOX_PRIVATE_CHAT } from '../sandbox/sandbox-chats.ts';
import { createStorm, type Storm } from '../sandbox/storm.ts';
import type { AlertService } from '../services/alerts/alerts.ts';
import type { IntegrationService } from '../services/integrations/integrations.ts';

const NEWCOMERS = 'sandbox';
const STORM = 'storm';

interface Deps {
  readonly integrations: IntegrationService;
  readonly tokens: Pick<Tokens, 'verify'>;
}

/** A working token for the newcomer's chat. Only its hash is stored, so each start makes a new one. */
export async function issueSandboxToken(deps: Deps): Promise<string> {
  const known = await find(deps, SANDBOX_PRIVATE_CHAT.id, NEWCOMERS);
  if (known !== undefined) return (await deps.integrations.rotate(known)).token;
  return (await make(deps, SANDBOX_PRIVATE_CHAT.id, NEWCOMERS, {})).token;
}

/** The chat page's storm, sent by an integration of its own whose alerts can be acknowledged. */
export function createSandboxStorm(
  deps: Deps & { readonly alerts: Pick<AlertService, 'accept' | 'acceptKeyed'> },
): Storm {
  async function senderIn(chatId: number): Promise<Integration> {
    const known = await find(deps, chatId, STORM);
    return known ?? (await make(deps, chatId, STORM, { acknowledge: true, showName: false })).integration;
  }

  return createStorm({
    async send(chatId, { key, ...alert }) {
      const { id } = await senderIn(chatId);
      const sender = { id, tokenHash: null };
      const request = { ...alert, format: 'plain', silent: false } as const;
      return key === undefined
        ? deps.alerts.accept(sender, request, {})
        : deps.alerts.acceptKeyed(sender, { ...request, key }, {});
    },
  });
}

async function find({ integrations }: Deps, chatId: number, name: string): Promise<Integration | undefined> {
  await integrations.registerChat(chatId);
  return (await integrations.listActive(chatId)).find((one) => one.name === name);
}

async function make(
  { integrations, tokens }: Deps,
  chatId: number,
  name: string,
  settings: Parameters<IntegrationService['create']>[2],
) {
  const setup = await integrations.issueSetupToken(chatId, name);
  return integrations.create(tokens.verify(setup.token), hashToken(setup.token), settings);
}
