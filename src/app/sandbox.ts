import { TRANSLATIONS } from '../bot/texts/choose-texts.ts';
import { type BotApiDouble, createBotApiDouble } from '../sandbox/bot-api-double.ts';
import { type ChatPage, createChatPage } from '../sandbox/chat-page.ts';
import { addSandboxChats } from '../sandbox/sandbox-chats.ts';
import type { Storm } from '../sandbox/storm.ts';
import { keepSandboxChats } from './sandbox-chats.ts';
import { createSandboxPreview } from './sandbox-preview.ts';

/** Any well-formed token: the double takes them all. */
const SANDBOX_BOT_TOKEN = '424242:sandbox';

export interface Sandbox {
  readonly botToken: string;
  readonly apiRoot: string;
  readonly page: ChatPage;
  stop(): Promise<void>;
}

/** A Telegram of our own on loopback, with a chat page. What was said there before is there again. */
export async function startSandbox(
  deps: Parameters<typeof keepSandboxChats>[1] &
    Parameters<typeof createSandboxPreview>[0] & { readonly storm: Storm },
): Promise<Sandbox> {
  const double: BotApiDouble = createBotApiDouble();
  addSandboxChats(double);
  const kept = await keepSandboxChats(double, deps);
  const { apiRoot } = await double.start();
  const page = createChatPage(double, {
    boardUrl: '/admin/queues',
    preview: createSandboxPreview(deps),
    languages: ['en', ...Object.keys(TRANSLATIONS)],
    storm: deps.storm.start,
  });
  return {
    botToken: SANDBOX_BOT_TOKEN,
    apiRoot,
    page,
    async stop() {
      deps.storm.stop();
      page.close();
      await double.stop();
      await kept.stop();
    },
  };
}

/** What a newcomer needs to know, for the terminal. */
export function sandboxNotice(facts: {
  url: string;
  admin: { user: string; password: string };
  token: string;
}): string {
  const line = '─'.repeat(78);
  return `
${line}
  SANDBOX: no Telegram, no BOT_TOKEN. Everything stays on this machine.

  1. Open the chat page:   ${facts.url}/sandbox
  2. Send it an alert (this token works until the next start):

curl -X POST ${facts.url}/api/alert \\
  -H "Authorization: Bearer ${facts.token}" \\
  -H "Content-Type: application/json" \\
  -d '{"title":"Hello","message":"My first alert"}'

  3. See how it does:      ${facts.url}/admin
     user ${facts.admin.user}, password ${facts.admin.password}

  For a token of your own: type /start, then /token on the chat page. Stop with Ctrl-C.
  For real use: set BOT_TOKEN, JWT_SECRET and REDIS_URL (README.md, .env.example).
${line}
`;
}
