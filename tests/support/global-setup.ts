import { existsSync } from 'node:fs';
import { ensureRedisServer, runProgram } from '../../src/redis/private/ensure-redis-server.ts';
import { findProgram } from '../../src/redis/private/find-redis-server.ts';

const write = (line: string): void => void process.stderr.write(`${line}\n`);
const warn = (line: string): void => write(`WARNING: ${line}`);

/** What some tests need beside Redis; each is installed only where it is missing. */
function missingPackages(): string[] {
  const env = process.env;
  const hasChromium = [env.CHROMIUM ?? 'chromium', 'chromium-browser', 'google-chrome'].some(
    (name) => findProgram(name, env) !== undefined,
  );
  const hasPostgres =
    existsSync('/usr/lib/postgresql') ||
    ['postgres', 'initdb'].some((name) => findProgram(name, env) !== undefined);
  const senders = ['prometheus-alertmanager', 'apprise'].filter(
    (name) => findProgram(name, env) === undefined,
  );
  return [...(hasChromium ? [] : ['chromium']), ...(hasPostgres ? [] : ['postgresql']), ...senders];
}

async function installOnDebian(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const isDebian = findProgram('apt-get', process.env) !== undefined;
  const isRoot = (await runProgram('id', ['-u'], env)).output.trim() === '0';
  if (!isDebian || !isRoot) {
    warn(`${packages.join(' and ')} not found: the tests that need them will fail. Install them first.`);
    return;
  }
  write(`Installing ${packages.join(' and ')} for the tests …`);
  await runProgram('apt-get', ['update', '-q'], env);
  for (const name of packages) {
    const args = ['install', '-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', name];
    const { code } = await runProgram('apt-get', args, env);
    if (code !== 0) warn(`apt-get could not install ${name}: the tests that need it will fail`);
  }
}

/** Runs once before all test files, so that `npm test` needs no preparation. */
export default async function setup(): Promise<void> {
  try {
    await ensureRedisServer({ env: process.env, log: (_level, message) => write(message) });
  } catch (error) {
    warn(error instanceof Error ? error.message : String(error));
  }
  const missing = missingPackages();
  if (missing.length > 0) await installOnDebian(missing);
}
