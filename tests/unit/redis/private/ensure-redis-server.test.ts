import { describe, expect, it } from 'vitest';
import { ensureRedisServer, type Run } from '../../../../src/redis/private/ensure-redis-server.ts';

/** A machine with some programs; installing a package brings `redis-server`. */
function machine(setup: { programs: string[]; uid?: number; sudo?: boolean; packages?: string[] }) {
  const programs = new Set(setup.programs);
  const lines: string[] = [];
  const notices: string[] = [];
  const run: Run = async (command, args) => {
    const line = [command, ...args].join(' ');
    lines.push(line);
    if (line === 'id -u') return { code: 0, output: `${setup.uid ?? 0}\n` };
    if (line === 'sudo -n true') return { code: setup.sudo ? 0 : 1, output: '' };
    const installs = / (install|add|-Sy) /.test(line);
    const known = (setup.packages ?? ['redis-server', 'redis']).some((name) => line.endsWith(` ${name}`));
    if (installs && !known) return { code: 1, output: 'no such package' };
    if (installs) programs.add('redis-server');
    return { code: 0, output: '' };
  };
  const find = (name: string) => (programs.has(name) ? `/bin/${name}` : undefined);
  const ensure = (env = {}) =>
    ensureRedisServer({ env, run, find, log: (_level, message) => void notices.push(message) });
  return { ensure, lines, notices };
}

describe('ensureRedisServer', () => {
  it('takes what is installed, Redis before Valkey, and runs nothing', async () => {
    const both = machine({ programs: ['valkey-server', 'redis-server'] });
    expect(await both.ensure()).toBe('/bin/redis-server');
    expect(await machine({ programs: ['valkey-server'] }).ensure()).toBe('/bin/valkey-server');
    expect(both.lines).toEqual([]);
  });

  it('takes REDIS_SERVER, and does not install another when that is missing', async () => {
    expect(await machine({ programs: ['mine'] }).ensure({ REDIS_SERVER: 'mine' })).toBe('/bin/mine');
    const missing = machine({ programs: ['apt-get'] });
    await expect(missing.ensure({ REDIS_SERVER: 'mine' })).rejects.toThrow(
      'REDIS_SERVER names a program that does not exist',
    );
    expect(missing.lines).toEqual([]);
  });

  it('installs with apt-get as root and does not leave the package’s own service running', async () => {
    const debian = machine({ programs: ['apt-get'] });
    expect(await debian.ensure()).toBe('/bin/redis-server');
    const install = debian.lines.find((line) => line.includes(' install '));
    expect(install).toMatch(
      /^env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install .* redis-server$/,
    );
    expect(debian.lines.at(-1)).toContain('systemctl disable --now redis-server.service');
    expect(debian.notices).toHaveLength(1);
  });

  it('uses sudo only where it asks for no password', async () => {
    const fedora = machine({ programs: ['dnf'], uid: 1000, sudo: true });
    await fedora.ensure();
    expect(fedora.lines.at(-1)).toBe('sudo -n env dnf install -y -q redis');
    const asking = machine({ programs: ['dnf'], uid: 1000, sudo: false });
    await expect(asking.ensure()).rejects.toThrow('sudo dnf install');
    expect(asking.lines).toEqual(['id -u', 'sudo -n true']);
  });

  it('never asks for root with Homebrew', async () => {
    const mac = machine({ programs: ['brew'], uid: 501 });
    await mac.ensure();
    expect(mac.lines).toEqual(['env brew install --quiet redis']);
  });

  it('tries Valkey where the distribution dropped Redis', async () => {
    const fedora = machine({ programs: ['dnf'], packages: ['valkey'] });
    await fedora.ensure();
    expect(fedora.lines.at(-1)).toBe('env dnf install -y -q valkey');
  });

  it('says in one line how to install it where nothing helps', async () => {
    for (const programs of [[], ['apk']]) {
      const error = await machine({ programs, packages: [] })
        .ensure()
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).toMatch(/brew install redis/);
      expect(String(error)).not.toContain('\n');
    }
  });
});
