import { type ExecFileSyncOptions, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { TESTS_CACHE } from './bundled.ts';
import { openMigrated } from './sqlite.ts';

export interface TestPostgres {
  /** Makes a new, empty database and returns its `postgres://…` URL. */
  createDatabase(): Promise<string>;
  /** Makes a new database, migrated and empty, as a copy of one that is made once, and returns its URL. */
  createMigrated(): Promise<string>;
  /** Ends the server and deletes its data. */
  stop(): Promise<void>;
}

const PROGRAMS = '/usr/lib/postgresql';
const START_LIMIT_MS = 30_000;

/**
 * A throw-away PostgreSQL cluster for one test file: temp directory, unix socket, no TCP, nothing synced or vacuumed.
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
  makeCluster(programs, data, { ...owner, env, cwd: dir, stdio: 'pipe' });

  const settings = {
    listen_addresses: '',
    unix_socket_directories: dir,
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    // With many young databases it would be busy all the time.
    autovacuum: 'off',
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
  const create = async (template: string): Promise<string> => {
    databases += 1;
    const name = `test${databases}`;
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    return urlOf(name);
  };
  let template: Promise<string> | undefined;
  const makeTemplate = async (): Promise<string> => {
    await admin.query('CREATE DATABASE migrated');
    // Nobody may be connected to what is copied.
    await (await openMigrated(urlOf('migrated'))).close();
    return 'migrated';
  };

  return {
    createDatabase: () => create('template1'),
    async createMigrated() {
      template ??= makeTemplate();
      return create(await template);
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

/**
 * A new cluster in `data`: initdb's of an earlier run where there is one, since initdb takes a second of processor time, and
 * a copy a tenth of that. One that another user or another PostgreSQL made is another one's.
 */
function makeCluster(programs: string, data: string, options: ExecFileSyncOptions): void {
  const initArgs = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '-N', '--no-instructions'];
  const version = execFileSync(join(programs, 'postgres'), ['--version'], { encoding: 'utf8' });
  const kind = [version, process.arch, process.getuid?.(), options.uid, ...initArgs].join();
  const kept = join(TESTS_CACHE, `postgres-${createHash('sha256').update(kind).digest('hex').slice(0, 12)}`);
  // Preserves owner and modes, without which PostgreSQL would not start.
  const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to], { stdio: 'pipe' });
  if (existsSync(kept)) {
    copy(kept, data);
    return;
  }
  execFileSync(join(programs, 'initdb'), ['-D', data, ...initArgs], options);
  mkdirSync(TESTS_CACHE, { recursive: true });
  const partial = `${kept}.${process.pid}`;
  copy(data, partial);
  try {
    renameSync(partial, kept);
  } catch {
    // Another process was quicker: its cluster is as good.
    rmSync(partial, { recursive: true, force: true });
  }
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
