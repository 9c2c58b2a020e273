import { isLoopback, ROLES } from './formats.ts';
import type { Environment } from './read-environment.ts';
import { VARIABLE_NAMES, VARIABLES, type Values, type VariableName } from './variables/variables.ts';

/** Names under which other programs know our variables. */
const OTHER_NAMES: Readonly<Record<string, VariableName>> = {
  TELEGRAM_BOT_TOKEN: 'BOT_TOKEN',
  TELEGRAM_TOKEN: 'BOT_TOKEN',
  REDIS_URI: 'REDIS_URL',
  REDIS_HOST: 'REDIS_URL',
  DATABASE_URI: 'DATABASE_URL',
  DB_URL: 'DATABASE_URL',
  POSTGRES_URL: 'DATABASE_URL',
  SECRET_KEY: 'JWT_SECRET',
  JWT_KEY: 'JWT_SECRET',
  WEBHOOK_DOMAIN: 'WEBHOOK_URL',
  TIME_ZONE: 'TIMEZONE',
  PINGUI_PORT: 'PORT',
};

/** Things that are allowed but probably not meant: one sentence each, without values. */
export function findWarnings(env: Environment, values: Values, sandbox: boolean): string[] {
  return [...misnamed(env), ...unwise(values, sandbox)];
}

function misnamed(env: Environment): string[] {
  const known = new Set<string>(VARIABLE_NAMES);
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '' || known.has(name)) continue;
    if (name.endsWith('_FILE') && known.has(name.slice(0, -'_FILE'.length))) {
      const plain = name.slice(0, -'_FILE'.length) as VariableName; // it is in `known`
      if (!('secret' in VARIABLES[plain]))
        warnings.push(`${name} is ignored: only secrets can be given as a file`);
      continue;
    }
    const meant = OTHER_NAMES[name] ?? VARIABLE_NAMES.find((candidate) => isSlipOf(name, candidate));
    if (meant !== undefined && !env[meant] && !env[`${meant}_FILE`]) {
      warnings.push(`${name} is ignored: did you mean ${meant}?`);
    }
  }
  return warnings;
}

function unwise(values: Values, sandbox: boolean): string[] {
  const warnings: string[] = [];
  const partial = ROLES.some((role) => !values.ROLES.has(role));
  if (partial && values.REDIS_URL === undefined) {
    warnings.push(
      'ROLES leaves parts to other processes, but they need REDIS_URL: a private Redis cannot be shared',
    );
  }
  if (partial && values.DATABASE_URL?.dialect !== 'postgres') {
    warnings.push(
      'ROLES leaves parts to other processes: with SQLite they must run on this machine and use the same file',
    );
  }
  if (sandbox && values.TELEGRAM_API_ROOT !== VARIABLES.TELEGRAM_API_ROOT.fallback) {
    warnings.push('TELEGRAM_API_ROOT is ignored: without BOT_TOKEN the sandbox uses its own Bot API');
  }
  const root = new URL(values.TELEGRAM_API_ROOT);
  if (!sandbox && root.protocol === 'http:' && !isLoopback(root.hostname)) {
    warnings.push(
      'TELEGRAM_API_ROOT is plain http: the bot token and all alerts cross the network unencrypted',
    );
  }
  if (values.WEBHOOK_SECRET !== undefined && values.WEBHOOK_URL === undefined) {
    warnings.push('WEBHOOK_SECRET is ignored without WEBHOOK_URL');
  }
  if (values.ADMIN_PASSWORD !== undefined && values.ADMIN_PASSWORD.length < 12) {
    warnings.push('ADMIN_PASSWORD is short and could be guessed: use 12 characters or more');
  }
  return warnings;
}

/** One letter (two in long names) missing, added, changed or swapped. Short names are too often near something else. */
function isSlipOf(name: string, candidate: VariableName): boolean {
  if (candidate.length < 5) return false;
  const allowed = candidate.length >= 9 ? 2 : 1;
  return Math.abs(name.length - candidate.length) <= allowed && distance(name, candidate) <= allowed;
}

/** Optimal string alignment distance (Levenshtein with swaps of neighbours). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + (same ? 0 : 1),
          swapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(a.length, b.length);
}
