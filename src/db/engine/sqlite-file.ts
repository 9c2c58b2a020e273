import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the file and its folder where they are missing; keeps what is there. */
export async function createSqliteFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a', 0o600);
  await handle.close();
  await protectSqliteFile(file);
}

/** Only its owner reads the file, and the -wal and -shm next to it, to which SQLite gives the same mode. */
export async function protectSqliteFile(file: string): Promise<void> {
  await chmod(file, 0o600);
}
