import { stat } from 'node:fs/promises';
import type { Config } from '../../config/config.ts';
import { keyFingerprint } from '../../crypto/key-fingerprint.ts';
import { createPayloadCipher } from '../../crypto/payload-cipher.ts';
import type { BackupFacts } from '../../db/backup/backup-facts.ts';
import { type ChangedToken, compareTokens, unblockedChats } from '../../db/backup/compare-tokens.ts';
import { inspectBackup } from '../../db/backup/inspect-backup.ts';
import type { Database } from '../../db/engine/connect.ts';
import type { OnRows } from '../../db/engine/copy-tables.ts';
import type { AppDeps } from '../context.ts';
import { secretOf } from '../secret.ts';
import { applyRestore, type Restored } from './apply.ts';
import { openDraft } from './draft.ts';
import { openPresent, RestoreRefused } from './present.ts';

/** A token that a restore changes; its chat is a hash. */
export type RestoredToken = Omit<ChangedToken, 'chatId'> & { readonly chat: string };

/** What a restore will do. */
export interface RestorePlan {
  readonly facts: BackupFacts;
  /** What is there now; `damaged` is moved away, and cannot be compared with. */
  readonly present: 'none' | 'damaged' | 'whole';
  /** They work again, though they were revoked or rotated since the backup. */
  readonly revived: readonly RestoredToken[];
  /** They work now, and will not. */
  readonly ended: readonly RestoredToken[];
  /** Hashes of chats that were blocked since the backup. */
  readonly unblocked: readonly string[];
}

export interface Restore {
  readonly plan: RestorePlan;
  apply(onRows: { readonly copied: OnRows; readonly compared: OnRows }): Promise<Restored>;
  /** Leaves nothing behind. */
  close(): Promise<void>;
}

/**
 * Looks at the file and at what is there, and changes neither.
 * @param options.foreign also what is of another installation, or of another JWT_SECRET
 * @throws UnusableBackup, RestoreRefused
 */
export async function prepareRestore(
  file: string,
  deps: AppDeps,
  options: { readonly foreign: boolean },
): Promise<Restore> {
  const { config } = deps;
  const facts = await inspectBackup(file, deps);
  await refuseTheDatabase(file, config);
  const secret = await secretOf(config);
  if (!options.foreign) refuseOtherKey(facts, secret);
  const draft = await openDraft(file, { facts, dataDir: config.dataDir, programs: deps });
  try {
    const present = await openPresent(config);
    try {
      if (!options.foreign && present.db !== undefined) await refuseOtherInstallation(facts, present.db);
      const { hashChat } = createPayloadCipher(secret);
      const tokens = await compareTokens(present.db?.knex, draft.db.knex);
      const unblocked = await unblockedChats(present.db?.knex, draft.db.knex);
      const plan: RestorePlan = {
        facts,
        present: present.kind,
        revived: tokens.revived.map((token) => withHash(token, hashChat)),
        ended: tokens.ended.map((token) => withHash(token, hashChat)),
        unblocked: unblocked.map(hashChat),
      };
      return {
        plan,
        apply: (onRows) => applyRestore({ deps, draft: draft.db, present, onRows }),
        async close() {
          await present.db?.close();
          await draft.close();
        },
      };
    } catch (error) {
      await present.db?.close();
      throw error;
    }
  } catch (error) {
    await draft.close();
    throw error;
  }
}

/** By inode: it may have several names. */
async function refuseTheDatabase(file: string, { database }: Config): Promise<void> {
  if (database.dialect !== 'sqlite') return;
  const [given, own] = await Promise.all([stat(file), stat(database.file).catch(() => undefined)]);
  if (given.ino !== own?.ino || given.dev !== own.dev) return;
  throw new RestoreRefused('This file is the database itself: name a backup (a file in BACKUP_DIR).');
}

function refuseOtherKey({ keyFingerprint: of, rows }: BackupFacts, secret: string): void {
  if (of === null || of === keyFingerprint(secret) || (rows.Integrations ?? 0) === 0) return;
  throw new RestoreRefused(
    'This backup belongs to another JWT_SECRET: its tokens would all be dead. Set the one that was saved with it. If that is ' +
      'lost, restore with --foreign, and then run `pingui adopt-key`.',
  );
}

async function refuseOtherInstallation({ installation }: BackupFacts, { knex }: Database): Promise<void> {
  // An old version knew neither.
  if (!(await knex.schema.hasTable('Installation'))) return;
  const [own] = await knex<{ id: string }>('Installation').select('id');
  const [used] = await knex('Integrations').where({ status: 'active' }).limit(1);
  if (own === undefined || used === undefined || installation === null || own.id === installation) return;
  throw new RestoreRefused(
    'This backup is of another installation than the database that is there, which has active integrations. If it is to take ' +
      'its place all the same, restore with --foreign.',
  );
}

const withHash = (
  { chatId, ...token }: ChangedToken,
  hashChat: (chatId: number) => string,
): RestoredToken => ({
  ...token,
  chat: hashChat(chatId),
});
