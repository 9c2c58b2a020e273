import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Redis } from 'ioredis';
import { type RedisReply, RedisStore } from 'rate-limit-redis';
import { createSteadyClock } from '../async/steady-clock.ts';
import { within } from '../async/within.ts';
import { AppError } from '../domain/errors.ts';
import type { Clock } from '../services/ports/clock.ts';
import { clientOf } from './client-address.ts';
import type { HttpLogger } from './logger.ts';
import type { ReportRefusal } from './refusals.ts';

const WINDOW_MS = 60_000;
/** Milliseconds. Counting is not worth more delay than this to an alert. */
const STORE_TIMEOUT_MS = 250;
/** Milliseconds without counting after the store failed, so that an outage does not slow every request. */
const STORE_PAUSE_MS = 2_000;
/** Milliseconds between two log lines about the same outage. */
const WARN_EVERY_MS = 60_000;

/**
 * At most `perMinute` requests per client (clientOf) and minute, counted in Redis over all processes.
 * 0 counts nothing. Without Redis every request passes: a limit must not become an outage.
 */
export function createRequestRateLimit(deps: {
  redis: Pick<Redis, 'call'>;
  perMinute: number;
  keyPrefix: string;
  clock: Clock;
  logger: Pick<HttpLogger, 'warn'>;
  reportRefusal: ReportRefusal;
}): RequestHandler {
  if (deps.perMinute === 0) return (_req, _res, next) => next();
  const clock = createSteadyClock(deps.clock);
  let pausedUntil = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;

  /** The store's scripts by their hash: sent with the first call that a server does not know it by. */
  const scripts = new Map<string, string>();

  async function sendCommand(...args: string[]): Promise<RedisReply> {
    const reply = await run(...args);
    // Hits and what is left of the window: where Redis's clock was set back, it would last longer by as much.
    if (Array.isArray(reply) && Number(reply[1]) > WINDOW_MS)
      await call('PEXPIRE', args[3] ?? '', String(WINDOW_MS));
    return reply;
  }

  async function run(...args: string[]): Promise<RedisReply> {
    const [command = '', hash = '', ...rest] = args;
    // SCRIPT LOAD would reach any node of a Cluster, not the one that counts, and would fail forever without Redis.
    if (command === 'SCRIPT') return remember(rest[0] ?? '');
    try {
      return await call(command, hash, ...rest);
    } catch (error) {
      const known = scripts.get(hash);
      if (known === undefined || !(error instanceof Error) || !error.message.startsWith('NOSCRIPT'))
        throw error;
      return call('EVAL', known, ...rest);
    }
  }

  function remember(script: string): string {
    const hash = createHash('sha1').update(script).digest('hex');
    scripts.set(hash, script);
    return hash;
  }

  async function call(command: string, ...args: string[]): Promise<RedisReply> {
    // Redis answers our two scripts with numbers and strings only.
    return (await within(STORE_TIMEOUT_MS, async () => deps.redis.call(command, ...args))) as RedisReply;
  }

  const storeFailed = (problem: unknown): void => {
    const now = clock.now();
    pausedUntil = now + STORE_PAUSE_MS;
    if (now - warnedAt < WARN_EVERY_MS) return;
    warnedAt = now;
    deps.logger.warn({ reason: codeOf(problem) }, 'Redis does not respond: requests are not rate-limited');
  };

  /** Its own checks of our options end here, too: those are no outage. They name a setting, never a client. */
  const failed = (problem: unknown): void => {
    const reason = codeOf(problem);
    if (reason.startsWith('ERR_ERL_')) deps.logger.warn({ reason }, 'The rate limiter rejects its settings');
    else storeFailed(problem);
  };

  return rateLimit({
    windowMs: WINDOW_MS,
    limit: deps.perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: 'requests',
    keyGenerator: clientOf,
    passOnStoreError: true,
    skip: () => clock.now() < pausedUntil,
    store: new RedisStore({ sendCommand, prefix: deps.keyPrefix }),
    logger: { warn: failed, error: failed },
    // A client that sends X-Forwarded-For without a proxy in front is no fault of the configuration.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
    handler: (req, res, next) => {
      deps.reportRefusal('rate_limit', req);
      next(
        new AppError(
          'rate_limited',
          `More than ${deps.perMinute} requests in a minute. Wait, then try again.`,
          {
            retryAfterSeconds: Number(res.getHeader('Retry-After') ?? 1),
          },
        ),
      );
    },
  });
}

function codeOf(problem: unknown): string {
  if (!(problem instanceof Error)) return 'unknown';
  return 'code' in problem && typeof problem.code === 'string' ? problem.code : problem.message.slice(0, 80);
}
