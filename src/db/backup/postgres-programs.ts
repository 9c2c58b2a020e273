import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** How PostgreSQL's own programs, pg_dump and pg_restore, are called. */
export interface PostgresPrograms {
  /** The process's; they get PATH, HOME, USER and PG* of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends them at once. */
  readonly signal?: AbortSignal;
}

/** It is not on the PATH. */
export class ProgramMissing extends Error {
  override readonly name = 'ProgramMissing';
  constructor(readonly program: 'pg_dump' | 'pg_restore') {
    super(`${program} is not installed`);
  }
}

/** It ended with an error. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
}

/** A dump that takes longer than this, in ms, hangs: health calls a backup overdue after the same hour. */
const LIMIT_MS = 3_600_000;
/** Characters of what it says on standard error that are kept. */
const COMPLAINT_LENGTH = 400;
const PASSED_ON = /^(PATH|HOME|USER|PG[A-Z]+)$/;

/** libpq's variables, by the parameter of the address. */
const OF_QUERY: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  sslmode: 'PGSSLMODE',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslrootcert: 'PGSSLROOTCERT',
};

/** A `postgres://…` address as libpq's variables: an argument could be read by every user of the machine. */
export function libpqVariables(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const found: Record<string, string> = {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
  };
  for (const name of Object.keys(found)) found[name] = decodeURIComponent(found[name] ?? '');
  for (const [name, value] of searchParams) {
    const variable = OF_QUERY[name];
    if (variable !== undefined) found[variable] = value;
  }
  const isSsl = /^(true|1)$/.test(searchParams.get('ssl') ?? '') || found.PGSSLMODE === 'no-verify';
  if (isSsl) found.PGSSLMODE = 'require';
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== ''));
}

/**
 * Runs a program to its end, while `read` takes in what it writes.
 * @throws ProgramMissing; ProgramFailed, with its first complaint; what `read` throws
 */
export async function runProgram(
  name: 'pg_dump' | 'pg_restore',
  args: readonly string[],
  { env, signal }: PostgresPrograms,
  options: { readonly url?: string; readonly read?: (output: Readable) => Promise<void> } = {},
): Promise<void> {
  const passedOn = Object.entries(env).filter(([variable]) => PASSED_ON.test(variable));
  const child = spawn(name, args, {
    env: {
      ...Object.fromEntries(passedOn),
      // Its complaints are compared with.
      LC_ALL: 'C',
      PGCONNECT_TIMEOUT: '10',
      ...(options.url === undefined ? {} : libpqVariables(options.url)),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    signal: AbortSignal.any([AbortSignal.timeout(LIMIT_MS), ...(signal === undefined ? [] : [signal])]),
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, COMPLAINT_LENGTH);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new ProgramMissing(name)
          : new ProgramFailed(`${name} was ended before it was done`, { cause: error }),
      ),
    );
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new ProgramFailed(complaint.trim() || `${name} ended with ${code}`)),
    );
  });
  const output = child.stdout;
  const taken = (options.read ?? drain)(output).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  // Whoever fails first is the reason; the other's failure follows from it.
  await Promise.all([ended, taken]).finally(() => ended.catch(() => undefined));
}

async function drain(output: Readable): Promise<void> {
  for await (const _ of output);
}

/** Whether there is a pg_dump, whatever its version. */
export async function hasPgDump(programs: PostgresPrograms): Promise<boolean> {
  return runProgram('pg_dump', ['--version'], programs).then(
    () => true,
    (error: unknown) => !(error instanceof ProgramMissing),
  );
}
