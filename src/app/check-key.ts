import { keyFingerprint } from '../crypto/key-fingerprint.ts';
import type { Database } from '../db/engine/connect.ts';
import { installationId, keepKeyFingerprint, replaceKeyFingerprint } from '../db/installation.ts';
import type { Logger } from '../ops/logger.ts';

const OTHER_KEY =
  'JWT_SECRET is not the one that this database was used with: the tokens of its integrations are refused (401), and what waits ' +
  'in the queue cannot be read. Set the JWT_SECRET that was saved with the database. If it is lost, run: npx pingui adopt-key';

/** A restored database with another key would start without a word, and every token would be dead. */
export async function checkKey(deps: { db: Database; secret: string; log: Logger }): Promise<void> {
  const { db, log } = deps;
  const fingerprint = keyFingerprint(deps.secret);
  // Makes the row, where the database is new.
  await installationId(db);
  if ((await keepKeyFingerprint(db, fingerprint)) !== fingerprint) log.warn({}, OTHER_KEY);
}

/** The operator's word that the database's key is lost and this one is used from now on. */
export async function adoptKey(db: Database, secret: string): Promise<void> {
  await replaceKeyFingerprint(db, keyFingerprint(secret));
}
