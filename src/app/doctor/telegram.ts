import type { Config } from '../../config/config.ts';
import { createTelegramClient } from '../../telegram/connection.ts';
import { classifyError } from '../../telegram/outcomes.ts';
import { telegramAccess } from '../telegram.ts';
import { type Finding, findingsOn } from './finding.ts';

const { ok, warning, fault, skipped } = findingsOn('telegram');
/** One call's limit, in ms. */
const LIMIT_MS = 10_000;
/** A failed delivery of an update counts for so long, in ms: later it may have been a moment's. */
const LATELY_MS = 3_600_000;
/** More updates than this wait for nobody who reads them. */
const MANY_UPDATES = 100;

/** As Telegram gives it, as far as it is read here. */
interface WebhookInfo {
  readonly url?: string;
  readonly pending_update_count?: number;
  /** Epoch seconds. */
  readonly last_error_date?: number;
  readonly last_error_message?: string;
}

/** Asks Telegram by getMe, getWebhookInfo and getChat: calls that change nothing, and take nobody's updates. */
export async function checkTelegram(config: Config, now: number): Promise<Finding[]> {
  if (config.mode.kind === 'sandbox')
    return [skipped('There is no BOT_TOKEN: the sandbox has a Telegram of its own')];
  const client = createTelegramClient({ ...telegramAccess(config, undefined), timeoutMs: LIMIT_MS });
  const call = <M extends Parameters<typeof client.callApi>[0]>(
    method: M,
    payload: Parameters<typeof client.callApi<M>>[1],
  ) =>
    // Telegraf's types name another AbortSignal than Node's.
    client.callApi<M>(method, payload, { signal: AbortSignal.timeout(LIMIT_MS) as never });
  const way = config.telegram.proxy === undefined ? '' : ` through the proxy ${config.telegram.proxy.shown}`;
  try {
    const me = await call('getMe', {});
    const info: WebhookInfo = await call('getWebhookInfo', {});
    return [
      ok(`Telegram knows the bot @${me.username}${way}`),
      ...checkUpdates(info, config),
      ...checkWebhookErrors(info, now),
      ...(await checkOperatorChat(config, (id) => call('getChat', { chat_id: id }))),
    ];
  } catch (error) {
    return [describeFailure(error, way)];
  }
}

function describeFailure(error: unknown, way: string): Finding {
  const outcome = classifyError(error);
  if (outcome.kind === 'halt')
    return fault(
      'Telegram does not know BOT_TOKEN: nothing is sent',
      'Get the token from @BotFather (/token), set it, and start the service anew.',
    );
  if (outcome.kind === 'flood_wait')
    return warning(
      `Telegram asks to wait for ${Math.ceil(outcome.retryAfterMs / 1000)} s`,
      'Ask again then.',
    );
  const reason = 'reason' in outcome ? outcome.reason : outcome.kind;
  return fault(
    `Telegram cannot be reached${way} (${reason}): alerts wait`,
    way === ''
      ? 'Look at DNS, the firewall and TELEGRAM_API_ROOT; where there is a proxy, set HTTPS_PROXY.'
      : 'Look at the proxy, or at HTTPS_PROXY, ALL_PROXY and NO_PROXY.',
  );
}

/** Who gets the bot's updates: one program can. */
function checkUpdates({ url = '' }: WebhookInfo, { webhook }: Config): Finding[] {
  const host = URL.canParse(url) ? new URL(url).host : 'an unknown address';
  if (webhook === undefined) {
    if (url === '') return [ok('Nobody else has set a webhook: the bot reads its updates by long polling')];
    return [
      fault(
        `Telegram delivers the bot's updates to a webhook at ${host}: this bot hears nothing`,
        'If another program uses this bot, give it a bot of its own. Else it is left over: the next start takes it away.',
      ),
    ];
  }
  if (url === webhook.url) return [ok(`Telegram delivers the bot's updates to ${host}`)];
  if (url === '')
    return [
      warning('No webhook is set: commands are not answered', 'Start the service (role bot), which sets it.'),
    ];
  return [
    fault(
      `Telegram delivers the bot's updates to ${host}, not to WEBHOOK_URL`,
      'If another program uses this bot, give it a bot of its own. Else start the service (role bot), which sets it anew.',
    ),
  ];
}

function checkWebhookErrors(info: WebhookInfo, now: number): Finding[] {
  const {
    last_error_date: at,
    last_error_message: text = 'no reason given',
    pending_update_count: pending = 0,
  } = info;
  const found: Finding[] = [];
  if (at !== undefined && now - at * 1000 < LATELY_MS)
    found.push(
      fault(
        `Telegram could not deliver an update ${Math.round((now / 1000 - at) / 60)} min ago: ${text.slice(0, 200)}`,
        'Look at the proxy in front, its certificate and WEBHOOK_URL.',
      ),
    );
  if (pending > MANY_UPDATES)
    found.push(warning(`${pending} updates wait at Telegram`, 'Does a process with the role bot run?'));
  return found;
}

async function checkOperatorChat(
  { operatorChatId }: Config,
  getChat: (id: number) => Promise<unknown>,
): Promise<Finding[]> {
  if (operatorChatId === undefined) return [];
  try {
    await getChat(operatorChatId);
    return [ok('The bot knows the chat of OPERATOR_CHAT_ID')];
  } catch {
    return [
      fault(
        'The bot does not know the chat of OPERATOR_CHAT_ID: nobody is told of trouble',
        'Send /start to the bot in that chat; `/id` shows its id.',
      ),
    ];
  }
}
