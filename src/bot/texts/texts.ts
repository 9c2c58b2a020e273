import type { FmtString } from 'telegraf/format';
import type { ErrorCode } from '../../domain/errors.ts';

/** The menu's commands, in its order. `/temporal_token` and `/get_me` are aliases of token and id. */
export const MENU_COMMANDS = [
  'start',
  'token',
  'integrations',
  'revoke',
  'keys',
  'quota',
  'test',
  'id',
  'help',
] as const;
type MenuCommand = (typeof MENU_COMMANDS)[number];

/** Everything that the bot says, in one language. Texts are plain: names of people and chats cannot break them. */
export interface Texts {
  /** IETF tag for dates. */
  readonly locale: string;
  /** Descriptions of the menu: 1 to 256 characters. */
  readonly commands: Record<MenuCommand, string>;

  welcome(name: string): string;
  welcomeBack(integrations: number): string;
  reachableAgain(integrations: number): string;
  /** `dailyLimits`: those of the integrations, the lowest first; at least one. */
  help(fields: { commands: string; curl: string; dailyLimits: readonly number[] }): FmtString;
  /** In /help's curl command: no quotes, it is shell and JSON. */
  readonly exampleAlert: { readonly title: string; readonly message: string };
  /** To who was not invited. */
  readonly inviteOnly: string;
  readonly unknownCommand: string;
  readonly plainTextHint: string;

  token(fields: {
    token: string;
    curl: string;
    minutes: number;
    name: string;
    chat: string | undefined;
  }): FmtString;
  /** When the setup token was exchanged. */
  setUp(name: string): string;
  /** A key of an integration was made by the API. */
  keyMadeByApi(fields: { adapter: string; name: string; integration: string }): string;
  readonly tokenSentPrivately: string;
  readonly tokenNeedsPrivateChat: string;
  readonly openPrivateChat: string;
  readonly notAdminThere: string;
  tooManyTokens(seconds: number): string;
  channelAdded(title: string): string;
  /** In the channel itself, above the button that gets a token. */
  readonly channelWelcome: string;
  mayNotWrite(title: string): string;
  readonly adminsOnly: string;

  readonly integrationsTitle: string;
  integrationLine(fields: { name: string; left: number; limit: number; unreachable: boolean }): string;
  /** One that is not set up; `isExpired`: nor can it be, with the setup token that it had. */
  waitingLine(fields: { name: string; isExpired: boolean }): string;
  moreIntegrations(count: number): string;
  readonly noActiveIntegration: string;
  unnamed(id: number): string;
  /** What a new integration without a name is called, before its number. */
  readonly newName: string;

  /** Whether alerts show an integration's name; an answer to a button has at most 200 characters. */
  showNameButton(name: string): string;
  hideNameButton(name: string): string;
  nameShown(name: string): string;
  nameHidden(name: string): string;

  revokeButton(name: string): string;
  readonly revokeWhich: string;
  readonly revokeNothing: string;
  revokeNotFound(asked: string): string;
  revokeConfirm(name: string): string;
  readonly revokeYes: string;
  readonly revokeNo: string;
  revoked(name: string): string;
  readonly revokeCancelled: string;
  readonly revokeGone: string;

  /** A key of one tool. */
  readonly keysTitle: string;
  readonly noKeys: string;
  keyLine(fields: { name: string; adapter: string; integration: string }): string;
  moreKeys(count: number): string;
  readonly newKeyButton: string;
  readonly keyOfWhich: string;
  readonly keyForWhich: string;
  /** Above buttons that open the private chat. */
  readonly keyForWhichPrivately: string;
  keyChosen(fields: { adapter: string; integration: string }): string;
  key(fields: {
    key: string;
    url: string;
    adapter: string;
    integration: string;
    chat: string | undefined;
  }): FmtString;
  revokeKeyConfirm(fields: { name: string; adapter: string }): string;
  keyRevoked(fields: { name: string; adapter: string }): string;
  readonly keyGone: string;
  /** Answers to the buttons of an alert: at most 200 characters. */
  readonly acknowledged: string;
  /** `name`: at most 64 characters; `at`: a time of day. */
  acknowledgedBefore(fields: { name: string; at: string }): string;
  readonly released: string;
  readonly notAcknowledged: string;
  readonly problemOver: string;
  readonly buttonGone: string;
  readonly membersOnly: string;

  quotaLine(fields: { name: string; left: number; limit: number }): string;
  quotaResets(fields: { at: string; hours: number; minutes: number }): string;

  readonly testTitle: string;
  testMessage(name: string): string;
  testQueued(fields: { name: string; remaining: number }): string;

  chatId(id: number): FmtString;
  topicId(id: number): FmtString;

  /** What a person reads when a service refuses. */
  readonly errors: Record<ErrorCode, string>;
}
