export interface PackageManager {
  readonly command: string;
  /** Run before the installation; its failure is not the end (an old package list may do). */
  readonly refresh?: readonly string[];
  readonly install: readonly string[];
  /** Tried in this order: distributions that dropped Redis carry Valkey. */
  readonly packages: readonly string[];
  /** False: the manager refuses to run as root. */
  readonly needsRoot: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Run after it; failures are ignored. */
  readonly afterwards?: readonly string[];
}

/**
 * How to install a Redis without being asked anything.
 *
 * Debian's package starts a service on 6379, which nobody asked for: RUNLEVEL=1 keeps invoke-rc.d (containers, SysV)
 * from starting it, and where systemd runs, which does not look at RUNLEVEL, it is disabled and stopped afterwards.
 * The usual alternative, a temporary policy-rc.d, would change the machine for every other installation meanwhile.
 */
export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    command: 'apt-get',
    refresh: ['update', '-q'],
    install: ['install', '-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'],
    packages: ['redis-server', 'valkey-server'],
    needsRoot: true,
    env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    afterwards: ['systemctl', 'disable', '--now', 'redis-server.service'],
  },
  { command: 'dnf', install: ['install', '-y', '-q'], packages: ['redis', 'valkey'], needsRoot: true },
  { command: 'yum', install: ['install', '-y', '-q'], packages: ['redis', 'valkey'], needsRoot: true },
  { command: 'apk', install: ['add', '--no-cache'], packages: ['redis', 'valkey'], needsRoot: true },
  {
    command: 'pacman',
    install: ['-Sy', '--noconfirm', '--needed'],
    packages: ['valkey', 'redis'],
    needsRoot: true,
  },
  { command: 'brew', install: ['install', '--quiet'], packages: ['redis', 'valkey'], needsRoot: false },
  {
    command: 'zypper',
    install: ['--non-interactive', 'install'],
    packages: ['redis', 'valkey'],
    needsRoot: true,
  },
];

/** One line for people, per platform. */
export const HOW_TO_INSTALL =
  'No redis-server found. Install it (Debian, Ubuntu: sudo apt-get install redis-server; Fedora: sudo dnf install valkey; Alpine: apk add redis; Arch: sudo pacman -S valkey; macOS: brew install redis; Windows: use WSL or Docker), or set REDIS_SERVER to its path, or REDIS_URL to a running Redis';
