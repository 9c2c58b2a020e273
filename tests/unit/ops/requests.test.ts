import { expect, it } from 'vitest';
import { createLogger } from '../../../src/ops/logger.ts';
import { createRequestLog } from '../../../src/ops/requests.ts';

it('chooses the level by the status', () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    level: 'debug',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const tell = createRequestLog(log);
  for (const status of [200, 302, 400, 404, 499, 401, 403, 429, 500, 503])
    tell({ method: 'POST', route: '/api/alert', status, tookMs: 12.3, requestId: 'r' });
  expect(lines.map(({ level, status }) => `${status} ${level}`)).toEqual([
    ...['200 debug', '302 debug', '400 info', '404 info', '499 info', '401 warn', '403 warn', '429 warn'],
    ...['500 error', '503 error'],
  ]);
  expect(lines[0]).toMatchObject({ method: 'POST', route: '/api/alert', tookMs: 12, requestId: 'r' });
});
