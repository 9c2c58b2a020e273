import * as z from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import type { Refusals } from './refusals.ts';

const Count = z.int().min(0);
const Day = z.iso.date();

/** A row of GET /api/metrics/daily (DailyStatistics). */
const DayAnswer = z
  .object({
    date: Day,
    ...{ accepted: Count, delivered: Count, failed: Count, uncertain: Count, expired: Count },
    ...{ refused: Count, folded: Count },
    quotaHits: Count.meta({ description: 'Refusals for a used-up quota.' }),
    activeIntegrations: Count,
  })
  .meta({ id: 'Day' });

/** The one call below /api that is the operator's. */
export function operatorPaths(refusals: Refusals): ZodOpenApiPathsObject {
  return {
    '/api/metrics/daily': {
      get: {
        operationId: 'dailyStatistics',
        summary: 'A row of numbers for each day',
        description: 'With the operator’s user and password; 404 where none is set.',
        tags: ['operators'],
        security: [{ operator: [] }],
        requestParams: {
          query: z.object({
            from: Day.optional().meta({ description: 'Default: 30 days.', example: '2030-01-01' }),
            to: Day.optional().meta({ description: 'Default: today, so far.', example: '2030-01-31' }),
          }),
        },
        responses: {
          '200': {
            description: 'Days that are known, the oldest first.',
            content: { 'application/json': { schema: z.array(DayAnswer) } },
          },
          ...refusals(['invalid_request', 'unauthorized', 'not_found', 'database_unavailable']),
        },
      },
    },
  };
}
