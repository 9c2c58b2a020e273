import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';

/** JWT_SECRET, or the sandbox's own. */
export async function secretOf(config: Pick<Config, 'jwtSecret' | 'dataDir'>): Promise<string> {
  return config.jwtSecret ?? keepSandboxSecret(config.dataDir);
}

/** The sandbox's signing key: made once, kept in the data directory, readable by its owner only. */
function keepSandboxSecret(dataDir: string): Promise<string> {
  return keepRandom(dataDir, 'jwt-secret', 32);
}

/** The operator password that the sandbox prints, kept likewise. */
export function keepSandboxPassword(dataDir: string): Promise<string> {
  return keepRandom(dataDir, 'admin-password', 9);
}

async function keepRandom(dataDir: string, name: string, bytes: number): Promise<string> {
  const file = join(dataDir, name);
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    await writeFile(draft, `${randomBytes(bytes).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    // A link appears whole or not at all: of two processes that start at once, one makes it and both read the same.
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await chmod(file, 0o600);
  return (await readFile(file, 'utf8')).trim();
}
