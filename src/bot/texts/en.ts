import { code, fmt, pre } from 'telegraf/format';
import type { Texts } from './texts.ts';

export const en: Texts = {
  locale: 'en-GB',
  commands: {
    start: 'Register this chat',
    token: 'Get a setup token for a new integration',
    integrations: 'List the integrations of this chat',
    revoke: 'Revoke an integration',
    quota: "See today's alerts that are left",
    test: 'Send a test alert to this chat',
    id: 'Show the id of this chat',
    help: 'How it works',
  },

  welcome: (name) =>
    `Hello${name === '' ? '' : `, ${name}`}! I bring the alerts of your programs to this chat.\n\n` +
    'This chat is registered. Next step: /token gives you a setup token, and with it your program gets its own key to send alerts here.\n\n/help shows everything.',
  welcomeBack: (integrations) =>
    `This chat is registered and has ${integrations} active ${integrations === 1 ? 'integration' : 'integrations'}.\n\n/integrations lists them, /token adds one, /test sends a test alert.`,
  reachableAgain: (integrations) =>
    `Good to have you back: I can reach this chat again, and ${integrations === 1 ? 'its integration delivers' : `its ${integrations} integrations deliver`} alerts as before.`,
  help: ({ commands, curl, dailyLimit }) =>
    fmt`Any program that can make an HTTP request can send alerts to this chat.

1. /token gives a setup token and a command that exchanges it for an integration's token.
2. Your program sends alerts with the integration's token:

${pre('bash')(curl)}

Each integration has ${dailyLimit} alerts a day.

${commands}`,
  unknownCommand: 'I do not know this command. /help lists what I can do.',
  plainTextHint: 'I only understand commands. /token sets up a new integration, /help lists everything.',

  token: ({ token, curl, minutes, name, chat }) =>
    fmt`Setup token for the integration “${name}”${chat === undefined ? '' : ` of ${chat}`}:

${code(token)}

It can be used once, and is valid for ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}. Keep it secret. This command exchanges it:

${pre('bash')(curl)}

The answer holds the integration's own token: your program sends alerts with that one.`,
  tokenSentPrivately: 'I have sent the setup token to you in our private chat.',
  tokenNeedsPrivateChat:
    'A setup token is secret, so I do not show it here. Open our private chat with this button and press Start: you get it there.',
  openPrivateChat: 'Open private chat',
  notAdminThere: 'Only administrators of that chat can get a token for it, and I do not see you among them.',
  tooManyTokens: (seconds) => `That was a lot of tokens. Try again in ${seconds} seconds.`,
  channelAdded: (title) => `I was added to ${title}. Get a setup token for it with this button.`,
  adminsOnly: 'Only administrators of this group can do that.',

  integrationsTitle: 'Integrations of this chat:',
  integrationLine: ({ name, status, left, limit, unreachable }) =>
    `• ${name}: ${status}, ${left} of ${limit} alerts left today${unreachable ? ' (Telegram refused this chat)' : ''}`,
  statuses: {
    active: 'active',
    pending: 'pending (waiting for its setup token to be used)',
    revoked: 'revoked',
  },
  moreIntegrations: (count) => `… and ${count} more. /revoke with a name or an id reaches them.`,
  noActiveIntegration: 'This chat has no active integration yet. /token is the first step to one.',
  unnamed: (id) => `#${id}`,

  revokeButton: (name) => `Revoke ${name}`,
  revokeWhich: 'Which integration shall be revoked?',
  revokeNothing: 'This chat has no integration that could be revoked.',
  revokeNotFound: (asked) => `This chat has no integration “${asked}”.`,
  revokeConfirm: (name) =>
    `Revoke “${name}”? Its token is dead at once, and its alerts that are still waiting are not sent.`,
  revokeYes: 'Yes, revoke it',
  revokeNo: 'Cancel',
  revoked: (name) => `“${name}” is revoked. Its token does not work any more.`,
  revokeCancelled: 'Nothing was revoked.',
  revokeGone: 'This integration is revoked already.',

  quotaLine: ({ name, left, limit }) => `• ${name}: ${left} of ${limit} alerts left today`,
  quotaResets: ({ at, hours, minutes }) => `The quota resets at ${at} (in ${hours} h ${minutes} min).`,

  testTitle: 'Test alert',
  testMessage: (name) =>
    `This is a test of the integration “${name}”. If you can read it, alerts reach this chat.`,
  testQueued: ({ name, remaining }) =>
    `A test alert of “${name}” is on its way. It took one alert of today's quota: ${remaining} left.`,

  chatId: (id) => fmt`The id of this chat is ${code(String(id))}`,
  topicId: (id) => fmt`The id of this topic is ${code(String(id))}`,

  errors: {
    invalid_request: 'That does not work: a name is 1 to 64 printable characters.',
    unauthorized: 'That token is not valid any more. /token gives a new one.',
    scope_missing: 'That is not allowed for this integration.',
    chat_mismatch: 'That integration belongs to another chat.',
    integration_not_active: 'This integration is not active any more.',
    not_found: 'There is no such thing in this chat.',
    method_not_allowed: 'That is not possible here.',
    payload_too_large: 'That is too long.',
    unsupported_media_type: 'I cannot read that.',
    already_used: 'That setup token was used before. /token gives a new one.',
    idempotency_mismatch: 'That was asked before in another way.',
    not_resendable: 'That alert cannot be sent again.',
    quota_exhausted: "Today's alerts of this integration are used up. /quota says when the quota resets.",
    rate_limited: 'That was too fast. Wait a minute and try again.',
    chat_queue_full: 'Too many alerts to this chat are waiting. Try again in a minute.',
    schedule_full: 'Too many alerts are scheduled. Try again later.',
    chat_schedule_full: 'Too many alerts to this chat are scheduled. Try again later.',
    database_unavailable: 'Something is not available right now. Try again in a moment.',
    queue_full: 'Too many alerts are waiting at the moment. Try again in a few minutes.',
    queue_unavailable: 'Alerts cannot be taken at the moment. Try again in a minute.',
    cross_site: 'That is not allowed from there.',
    internal: 'Something went wrong on my side. Please try again in a minute.',
  },
};
