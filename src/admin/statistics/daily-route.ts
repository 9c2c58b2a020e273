import { type Request, type RequestHandler, type Response, Router } from 'express';
import { addDays, dayOf, isDate } from '../../domain/statistics.ts';
import { invalid } from '../../http/json-body.ts';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { inTime } from '../../services/in-time.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { MONTH_DAYS, type StatisticsService } from '../../services/statistics/statistics.ts';

/** Longest answer: two years and a leap day. */
const MOST_DAYS = 731;

export interface DailyDeps {
  readonly statistics: Pick<StatisticsService, 'daily'>;
  readonly clock: Clock;
  /** TIMEZONE: where a day begins and ends. */
  readonly timeZone: string;
}

/**
 * `GET /daily?from=YYYY-MM-DD&to=YYYY-MM-DD`: a row per day that is known, today so far included; without `to` until today,
 * without `from` 30 days. To be mounted behind the operator guard.
 */
export function createDailyRoute({ statistics, clock, timeZone }: DailyDeps): RequestHandler {
  /** @throws AppError invalid_request */
  function readDays(query: Request['query']): { readonly from: string; readonly to: string } {
    const { from, to = dayOf(clock.now(), timeZone) } = query;
    const last = readDate('to', to);
    const first = from === undefined ? addDays(last, 1 - MONTH_DAYS) : readDate('from', from);
    const issue = (message: string) => invalid([{ path: ['from'], message }]);
    if (first > last) throw issue('Send a day that is not after `to`.');
    if (addDays(first, MOST_DAYS) <= last) throw issue(`Ask for at most ${MOST_DAYS} days.`);
    return { from: first, to: last };
  }

  const router = Router();
  router
    .route('/daily')
    .get(async (req: Request, res: Response) => {
      const { from, to } = readDays(req.query);
      res.json(await inTime(() => statistics.daily(from, to), 'Ask again in a few seconds.'));
    })
    .all(methodNotAllowed('GET'));
  return router;
}

function readDate(name: string, value: unknown): string {
  if (typeof value === 'string' && isDate(value)) return value;
  throw invalid([{ path: [name], message: 'Send a day as YYYY-MM-DD.' }]);
}
