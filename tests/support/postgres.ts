import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';

export interface TestPostgres {
  /** Makes a new, empty database and returns its `postgres://…` URL. */
  createDatabase(): Promise<string>;
  /** Ends the server and deletes its data. */
  stop(): Promise<void>;
}

const PROGRAMS = '/usr/lib/postgresql';
const START_LIMIT_MS = 30_000;

/**
 * A throw-away PostgreSQL cluster for one test file: temp directory, unix socket, no TCP, nothing synced.
 * Undefined, and a loud warning, when PostgreSQL is not installed (the global setup installs it on Debian).
 */
export async function startTestPostgres(): Promise<TestPostgres | undefined> {
  const programs = findPrograms();
  if (programs === undefined) {
    process.stderr.write('\nWARNING: PostgreSQL IS NOT INSTALLED: THESE TESTS RUN ON SQLITE ALONE.\n\n');
    return undefined;
  }
  const dir = mkdtempSync(join(tmpdir(), 'pingui-pg-'));
  const owner = ownerOf(dir);
  const data = join(dir, 'data');
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  const initArgs = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '-N', '--no-instructions'];
  execFileSync(join(programs, 'initdb'), initArgs, { ...owner, env, cwd: dir, stdio: 'pipe' });

  const settings = {
    listen_addresses: '',
    unix_socket_directories: dir,
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: '300',
    shared_buffers: '16MB',
  };
  const args = [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const server = spawn(join(programs, 'postgres'), args, { ...owner, env, cwd: dir, stdio: 'ignore' });
  const exited = once(server, 'exit');
  const killOnExit = (): void => void server.kill('SIGQUIT');
  process.once('exit', killOnExit);

  const urlOf = (database: string): string => `postgres://postgres@localhost/${database}?host=${dir}`;
  const admin = await connectWhenReady(urlOf('postgres'), () => server.exitCode !== null);
  let databases = 0;

  return {
    async createDatabase() {
      databases += 1;
      const name = `test${databases}`;
      await admin.query(`CREATE DATABASE ${name}`);
      return urlOf(name);
    },
    async stop() {
      await admin.end();
      // Fast shutdown: connections that a failed test left open do not hold it up.
      server.kill('SIGINT');
      await exited;
      process.off('exit', killOnExit);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function findPrograms(): string | undefined {
  const versions = existsSync(PROGRAMS) ? readdirSync(PROGRAMS) : [];
  const newestFirst = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(PROGRAMS, version, 'bin'));
  const folders = [...newestFirst, ...(process.env.PATH ?? '').split(delimiter)];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

/** PostgreSQL refuses to run as root: there, the user that its package made runs it. */
function ownerOf(dir: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: '-u' | '-g'): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const owner = { uid: idOf('-u'), gid: idOf('-g') };
  chownSync(dir, owner.uid, owner.gid);
  return owner;
}

async function connectWhenReady(connectionString: string, hasExited: () => boolean): Promise<pg.Client> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString });
    // The server ends its connections when it stops.
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (hasExited() || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
