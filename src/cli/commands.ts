import type { Run } from './command.ts';

/** A command as data: its name (of one word, or of a group and one), how it is called, and what runs it. */
export interface CommandSpec {
  readonly name: string;
  readonly about: string;
  /** As commander reads them: `<required>`, `[optional]`. */
  readonly args?: readonly { readonly form: string; readonly about: string }[];
  readonly options?: readonly { readonly form: string; readonly about: string }[];
  /** Each is loaded when it is called. */
  readonly load: () => Promise<Run>;
}

/** What the groups are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  alerts: 'Single alerts, by their id.',
  config: 'The settings.',
  integrations: 'The integrations of all chats.',
  token: 'Tokens of senders.',
  chats: 'The chats that the bot knows, by the hash that logs have.',
  job: 'The scheduled jobs.',
  queue: 'The queue in Redis.',
};

const FILE = { form: '<file>', about: 'a file pingui-backup-….db or .dump' };
const ID = { form: '<id>', about: 'an id of `integrations list`' };
const ALERT = { form: '<id>', about: "the alert's id, as its 202 and the log have it" };
const HASH = { form: '<hash>', about: 'a hash of `chats list`' };

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'doctor',
    about:
      'looks at settings, Redis, database, disk, Telegram and clock, and says what to do; changes nothing',
    load: async () => (await import('./operator/doctor.ts')).doctor,
  },
  {
    name: 'backup',
    about: 'writes a backup now, and reads it back',
    options: [{ form: '--portable', about: 'of PostgreSQL, too, writes an SQLite file instead of a dump' }],
    load: async () => (await import('./operator/backup.ts')).backUp,
  },
  {
    name: 'backup verify',
    about: 'tells whether a backup can be restored, and what it holds',
    args: [FILE],
    load: async () => (await import('./operator/backup.ts')).verifyBackup,
  },
  {
    name: 'restore',
    about: 'puts a backup in place of the database; the service must not run',
    args: [FILE],
    options: [
      { form: '--yes', about: 'does not ask' },
      { form: '--foreign', about: 'also one of another installation, or of another JWT_SECRET' },
    ],
    load: async () => (await import('./operator/restore.ts')).restore,
  },
  {
    name: 'integrations list',
    about: 'shows the integrations, with what is left of their quota',
    options: [
      { form: '--chat <hash>', about: 'only those of this chat' },
      { form: '--all', about: 'revoked ones, too' },
    ],
    load: async () => (await import('./operator/integrations.ts')).listIntegrations,
  },
  {
    name: 'integrations show',
    about: 'shows all of one',
    args: [ID],
    load: async () => (await import('./operator/integrations.ts')).showIntegration,
  },
  {
    name: 'integrations revoke',
    about: 'its token is dead at once, its waiting alerts fail',
    args: [ID],
    load: async () => (await import('./operator/integrations.ts')).revokeIntegration,
  },
  {
    name: 'integrations limit',
    about: 'gives it a daily limit of its own, or takes that back',
    args: [ID, { form: '<alerts>', about: 'alerts per day, or default for MAX_ALERTS' }],
    load: async () => (await import('./operator/integrations.ts')).limitIntegration,
  },
  {
    name: 'chats list',
    about: 'shows the registered chats',
    load: async () => (await import('./operator/chats.ts')).listChats,
  },
  {
    name: 'chats block',
    about: 'the bot ignores the chat from now on, and its alerts are refused',
    args: [HASH],
    load: async () => (await import('./operator/chats.ts')).blockChat,
  },
  {
    name: 'chats unblock',
    about: 'takes a block back',
    args: [HASH],
    load: async () => (await import('./operator/chats.ts')).unblockChat,
  },
  {
    name: 'invite',
    about: 'makes a link that lets one chat in, once (REGISTRATION=invite)',
    options: [{ form: '--days <number>', about: 'days that it is good for, 1 to 365 (default: 7)' }],
    load: async () => (await import('./operator/invite.ts')).invite,
  },
  {
    name: 'queue stats',
    about: 'shows what waits, and whether it moves',
    load: async () => (await import('./operator/queue.ts')).showQueue,
  },
  {
    name: 'queue pause',
    about: 'nothing is sent until `queue resume`; alerts are still accepted',
    load: async () => (await import('./operator/queue.ts')).pauseQueue,
  },
  {
    name: 'queue resume',
    about: 'sends again, also where a flood wait holds the whole bot',
    load: async () => (await import('./operator/queue.ts')).resumeQueue,
  },
  {
    name: 'queue adopt',
    about: 'binds the queue to this database, after the one before it was lost; the service must not run',
    load: async () => (await import('./operator/adopt-queue.ts')).adopt,
  },
  {
    name: 'alerts show',
    about: 'shows what became of an alert, and when; never its text',
    args: [ALERT],
    load: async () => (await import('./operator/alerts.ts')).showAlert,
  },
  {
    name: 'alerts resend',
    about: 'sends a failed or uncertain alert again, 3 times at most',
    args: [ALERT],
    load: async () => (await import('./operator/alerts.ts')).resendAlert,
  },
  {
    name: 'job run',
    about: 'runs a scheduled job now: reset-quotas or backup',
    args: [{ form: '<job>', about: 'reset-quotas or backup' }],
    load: async () => (await import('./operator/job.ts')).runJob,
  },
  {
    name: 'config print',
    about: 'shows the settings in force and where each comes from; secrets are hidden',
    load: async () => (await import('./operator/config-print.ts')).printConfig,
  },
  {
    name: 'token inspect',
    about: 'tells whether a token is accepted, and whose it is',
    args: [
      { form: '[token]', about: 'default: from standard input, which keeps it out of the shell history' },
    ],
    load: async () => (await import('./operator/token.ts')).showToken,
  },
  {
    name: 'migrate',
    about: 'brings the database up to date, as each start does',
    load: async () => (await import('./operator/migrate.ts')).runMigrate,
  },
  {
    name: 'migrate-database',
    about: 'copies all data into an empty database; stop the service first',
    options: [
      { form: '--from <url>', about: 'sqlite:<path> (a backup too) or postgres://…' },
      { form: '--to <url>', about: 'the same, of an empty database' },
    ],
    load: async () => (await import('./operator/migrate-database.ts')).runMigrateDatabase,
  },
  {
    name: 'adopt-key',
    about: 'binds this database to the JWT_SECRET of now, after the one before it was lost',
    load: async () => (await import('./operator/adopt-key.ts')).runAdoptKey,
  },
];
