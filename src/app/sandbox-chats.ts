import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deriveKey } from '../crypto/payload-cipher.ts';
import { createSealer } from '../crypto/sealer.ts';
import type { Logger } from '../ops/logger.ts';
import type { BotApiDouble, Snapshot } from '../sandbox/bot-api-double.ts';

const FILE = 'sandbox-chats';
/** Authenticated with the content: what an earlier form of it wrote is not taken for this one. */
const CONTEXT = 'sandbox chats v1';
/** Of JSON, in characters; sealed it is a third more. Some thousand messages, or a few long logs. */
const MAX_LENGTH = 1024 * 1024;
/** What happens in the chats is written at most this late, in ms. */
const WRITE_AFTER_MS = 500;

interface KeptChats {
  /** Writes what is not written yet. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Fills the double's chats with what the last run left, and keeps them in the data directory from now on: sealed, since they
 * hold alerts and tokens, readable by their owner only, and the newest alone. A file that cannot be read is left behind.
 */
export async function keepSandboxChats(
  double: BotApiDouble,
  deps: { readonly dataDir: string; readonly secret: string; readonly log: Pick<Logger, 'warn'> },
): Promise<KeptChats> {
  const file = join(deps.dataDir, FILE);
  const sealer = createSealer(createSecretKey(deriveKey(deps.secret, CONTEXT)));
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  async function read(): Promise<void> {
    try {
      // What is authenticated was written by us: the shape needs no second check.
      double.restore(JSON.parse(sealer.open(await readFile(file, 'utf8'), CONTEXT)) as Snapshot);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      deps.log.warn(
        { error },
        'Could not read the chats of the last run: has JWT_SECRET changed? They start empty',
      );
    }
  }

  async function write(): Promise<void> {
    const draft = `${file}.${randomBytes(8).toString('hex')}`;
    try {
      await mkdir(deps.dataDir, { recursive: true, mode: 0o700 });
      const sealed = sealer.seal(JSON.stringify(double.snapshot(MAX_LENGTH)), CONTEXT);
      await writeFile(draft, sealed, { mode: 0o600, flag: 'wx' });
      await rename(draft, file);
    } catch (error) {
      deps.log.warn({ error }, 'Could not keep the chats of the sandbox for the next start');
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }

  function flush(): void {
    timer = undefined;
    writing = writing.then(write);
  }

  await read();
  const stopListening = double.onEvent(() => {
    timer ??= setTimeout(flush, WRITE_AFTER_MS);
  });
  return {
    async stop() {
      stopListening();
      if (timer !== undefined) {
        clearTimeout(timer);
        flush();
      }
      await writing;
    },
  };
}
