import { code, fmt, pre } from 'telegraf/format';
import type { Texts } from './texts.ts';

const alerts = (count: number): string => (count === 1 ? 'alert' : 'alerts');

/** One limit for all integrations, or several. */
const dailyRule = (limits: readonly number[]): string => {
  const [least = 0, most = least] = [limits[0], limits.at(-1)];
  if (least === most) return `Each integration can send ${least} ${alerts(least)} a day.`;
  return `Each integration can send ${least} to ${most} alerts a day; /quota shows how many.`;
};

export const en: Texts = {
  locale: 'en-GB',
  commands: {
    start: 'Register this chat',
    token: 'Get a setup token for a new integration',
    integrations: 'List the integrations of this chat',
    revoke: 'Revoke an integration',
    keys: 'List, make and revoke keys for tools',
    quota: 'See how many alerts are left today',
    test: 'Send a test alert to this chat',
    id: 'Show the id of this chat',
    help: 'How it works',
  },

  welcome: (name) =>
    `Hello${name === '' ? '' : `, ${name}`}! I deliver alerts from your programs to this chat.\n\n` +
    'This chat is registered. Next, send /token to get a setup token, and exchange it for the token that your program sends alerts with.\n\n/help explains how it works.',
  welcomeBack: (integrations) =>
    `This chat is registered and has ${integrations} active ${integrations === 1 ? 'integration' : 'integrations'}.\n\n/integrations shows ${integrations === 1 ? 'it' : 'them'}, /token adds another, /test sends a test alert.`,
  reachableAgain: (integrations) =>
    `Welcome back! I can reach this chat again: alerts from its ${integrations === 1 ? 'integration' : `${integrations} integrations`} arrive as before.`,
  help: ({ commands, curl, dailyLimits }) =>
    fmt`Any program that can make an HTTP request can send alerts to this chat.

1. /token gives you a setup token and a command that exchanges it for an integration's token.
2. Your program sends alerts with that token:

${pre('bash')(curl)}

${dailyRule(dailyLimits)}

${commands}`,
  exampleAlert: { title: 'Backup', message: 'It worked' },
  inviteOnly: 'This bot is private: to use it, ask whoever runs it for an invitation link.',
  unknownCommand: "I don't know that command. /help lists what I can do.",
  plainTextHint: 'I only understand commands: /token adds an integration, /help lists them all.',

  token: ({ token, curl, minutes, name, chat }) =>
    fmt`Setup token for the integration “${name}”${chat === undefined ? '' : ` in ${chat}`}:

${code(token)}

It works once, within ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}. Keep it secret. This command exchanges it:

${pre('bash')(curl)}

The answer contains the integration's token: use that one to send alerts.`,
  setUp: (name) => `The integration “${name}” is set up: its alerts arrive in this chat.`,
  keyMadeByApi: ({ adapter, name, integration }) =>
    `A new key of the integration “${integration}” was made: “${name}”, for ${adapter}. It can send alerts to this chat. If you don't know it, revoke it with /keys.`,
  tokenSentPrivately: "I've sent you the setup token in our private chat.",
  tokenNeedsPrivateChat:
    "A setup token is secret, so I don't show it here. Open our private chat with this button and press Start to get it.",
  openPrivateChat: 'Open private chat',
  notAdminThere: "Only administrators of that chat can get a token for it, and you don't seem to be one.",
  tooManyTokens: (seconds) =>
    `Too many setup tokens. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
  channelAdded: (title) => `I've been added to ${title}. This button gets you a setup token for it.`,
  channelWelcome:
    'This channel is registered: alerts can arrive here. An administrator can get a setup token for it with this button.',
  mayNotWrite: (title) =>
    `I may not write in ${title}. Alerts can only arrive there once I have the right to post messages.`,
  adminsOnly: 'Only administrators can do that.',

  integrationsTitle: 'Integrations of this chat:',
  integrationLine: ({ name, left, limit, unreachable }) =>
    `• ${name}: active, ${left} of ${limit} ${alerts(limit)} left today${unreachable ? ' (Telegram rejects messages to this chat)' : ''}`,
  waitingLine: ({ name, isExpired }) =>
    isExpired
      ? `• ${name}: expired (its setup token was not used in time; /token with this name renews it)`
      : `• ${name}: pending (its setup token has not been used yet)`,
  moreIntegrations: (count) =>
    `… and ${count} more. To revoke one that is not listed, send /revoke with its name or id.`,
  noActiveIntegration:
    'This chat has no active integration yet. Use the setup token that /token gave you, or get a new one with /token.',
  unnamed: (id) => `#${id}`,
  newName: 'integration',

  showNameButton: (name) => `Show “${name}” in its alerts`,
  hideNameButton: (name) => `Hide “${name}” in its alerts`,
  nameShown: (name) => `Alerts from “${name}” now show its name.`,
  nameHidden: (name) => `Alerts from “${name}” no longer show its name.`,

  revokeButton: (name) => `Revoke ${name}`,
  revokeWhich: 'Which integration do you want to revoke?',
  revokeNothing: 'This chat has no integrations to revoke.',
  revokeNotFound: (asked) => `This chat has no integration called “${asked}”.`,
  revokeConfirm: (name) =>
    `Revoke “${name}”? Its token stops working at once, and its waiting alerts are not sent.`,
  revokeYes: 'Yes, revoke it',
  revokeNo: 'Cancel',
  revoked: (name) => `“${name}” is revoked. Its token no longer works.`,
  revokeCancelled: 'Nothing was revoked.',
  revokeGone: 'This integration has already been revoked.',

  keysTitle: 'Keys of this chat, each for one tool:',
  noKeys:
    'This chat has no keys yet. A key is for a tool that can only be given an address, such as Alertmanager or GitHub.',
  keyLine: ({ name, adapter, integration }) => `• ${name}: for ${adapter}, of “${integration}”`,
  moreKeys: (count) => `… and ${count} more. GET /api/keys lists them all.`,
  newKeyButton: 'Make a new key',
  keyOfWhich: 'For which integration? The key uses its quota.',
  keyForWhich: 'Which tool is the key for? It can do nothing else.',
  keyForWhichPrivately:
    'Which tool is the key for? A key is secret, so I show it in our private chat: choose the tool and press Start.',
  keyChosen: ({ adapter, integration }) => `A new key for ${adapter}, of “${integration}”:`,
  key: ({ key, url, adapter, integration, chat }) =>
    fmt`Key for ${adapter}, of the integration “${integration}”${chat === undefined ? '' : ` in ${chat}`}:

${code(key)}

Its address:

${code(url)}

I show it only once. Whoever has it can send alerts to the chat, through ${adapter}, and do nothing else. /keys revokes it.`,
  revokeKeyConfirm: ({ name, adapter }) =>
    `Revoke the key “${name}” for ${adapter}? Alerts that are sent with it are refused from then on.`,
  keyRevoked: ({ name, adapter }) => `The key “${name}” for ${adapter} is revoked.`,
  keyGone: 'This key has already been revoked.',
  acknowledged: "You're on it: the message says so now.",
  acknowledgedBefore: ({ name, at }) => `${name} has been on it since ${at}.`,
  released: 'Released: nobody is on it now.',
  notAcknowledged: 'Nobody is on it now.',
  problemOver: 'This is over, or too old: there is nothing left to take on.',
  buttonGone: 'This button no longer does anything.',
  membersOnly: 'Only members of this chat can do that.',

  quotaLine: ({ name, left, limit }) => `• ${name}: ${left} of ${limit} ${alerts(limit)} left today`,
  quotaResets: ({ at, hours, minutes }) => `The quota resets on ${at} (in ${hours} h ${minutes} min).`,

  testTitle: 'Test alert',
  testMessage: (name) =>
    `This is a test of the integration “${name}”. If you can read this, alerts reach this chat.`,
  testQueued: ({ name, remaining }) =>
    `A test alert from “${name}” is on its way. It counts towards today's quota: ${remaining} ${alerts(remaining)} left.`,

  chatId: (id) => fmt`The id of this chat is ${code(String(id))}`,
  topicId: (id) => fmt`The id of this topic is ${code(String(id))}`,

  errors: {
    invalid_request: "That name won't work: use 1 to 64 printable characters.",
    unauthorized: 'That token is no longer valid. Get a new one with /token.',
    scope_missing: 'This integration is not allowed to do that.',
    chat_mismatch: 'That integration belongs to another chat.',
    integration_not_active: "This integration can't send alerts right now. See /integrations.",
    not_found: "I can't find that in this chat.",
    method_not_allowed: "That can't be done here.",
    payload_too_large: 'That is too long.',
    unsupported_media_type: "I can't read that.",
    already_used: 'That setup token has already been used. Get a new one with /token.',
    too_many_integrations: 'This chat has reached its limit of integrations. Revoke one with /revoke first.',
    too_many_keys: 'This integration has as many keys as it may have. Revoke one with /keys first.',
    idempotency_mismatch: 'That request was made before, with different content.',
    not_resendable: "That alert can't be sent again.",
    quota_exhausted: "This integration has used up today's quota. /quota shows when it resets.",
    rate_limited: 'That was too fast. Wait a minute and try again.',
    chat_queue_full: 'Too many alerts for this chat are waiting. Try again in a minute.',
    schedule_full: 'Too many alerts are scheduled. Try again later.',
    chat_schedule_full: 'Too many alerts for this chat are scheduled. Try again later.',
    database_unavailable: "I can't do that right now. Try again in a moment.",
    queue_full: 'Too many alerts are waiting right now. Try again in a few minutes.',
    queue_unavailable: "I can't accept alerts right now. Try again in a minute.",
    cross_site: 'That is not allowed from another site.',
    internal: 'Something went wrong on my side. Try again in a minute.',
  },
};
