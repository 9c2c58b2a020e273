import type { Config } from '../../config/config.ts';
import { type Finding, findingsOn } from './finding.ts';

const { ok, fault, warning, skipped } = findingsOn('service');
/** How long the service may take to answer, in ms: each of its checks has a second. */
const LIMIT_MS = 3_000;
/** A listening address that is no address to call. */
const ANY = new Set(['0.0.0.0', '::']);

/** As far as /health/ready is read here. */
interface Readiness {
  readonly checks: Readonly<Record<string, { readonly status: string; readonly reason?: string }>>;
}

/**
 * Asks the service on this machine how it does, where one runs: it alone knows whether another program takes the bot's
 * updates, since to try it would take them from the service.
 */
export async function checkService({ http }: Pick<Config, 'http'>): Promise<Finding[]> {
  // Port 0 is any that was free.
  if (!http.port) return [];
  const host = ANY.has(http.host) ? '127.0.0.1' : http.host;
  const address = `${host.includes(':') ? `[${host}]` : host}:${http.port}`;
  const answer = await ask(`http://${address}/health/ready`);
  if (answer === undefined)
    return [skipped(`No service answers at ${address}: it does not run, or elsewhere`)];
  if (!isReadiness(answer))
    return [
      warning(
        `What answers at ${address} is not Pingui Alert`,
        'The service cannot start beside it: end it, or set PORT.',
      ),
    ];
  const troubles = Object.entries(answer.checks).filter(([, { status }]) => status !== 'ok');
  if (troubles.length === 0) return [ok(`The service at ${address} says that it is ready`)];
  return troubles.map(([check, { reason = 'unknown' }]) => describeTrouble(check, reason));
}

function describeTrouble(check: string, reason: string): Finding {
  if (reason === 'updates_conflict')
    return fault(
      'Another program polls with this BOT_TOKEN: the bot does not hear every command',
      'End that program, or give it a bot of its own.',
    );
  return fault(
    `The running service says of ${check}: ${reason}`,
    'docs/operations.md says what to do (Alarms); so does the overview at /admin.',
  );
}

/** The answer's JSON; null where it is none, undefined where nothing answers. */
async function ask(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
    return await response.json().catch(() => null);
  } catch {
    return undefined;
  }
}

function isReadiness(answer: unknown): answer is Readiness {
  if (typeof answer !== 'object' || answer === null || !('checks' in answer)) return false;
  const { checks } = answer;
  return typeof checks === 'object' && checks !== null && 'telegram' in checks;
}
