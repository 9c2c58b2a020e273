import { expect, it } from 'vitest';
import { createRepeatedErrorLog } from '../../../src/ops/log-repeated.ts';
import { createLogger } from '../../../src/ops/logger.ts';

it('logs the same error once a minute, another one at once', () => {
  let now = 0;
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const tell = createRepeatedErrorLog('trouble', { log, clock: { now: () => now } });
  for (const [time, message] of [
    [0, 'refused'],
    [1_000, 'refused'],
    [2_000, 'reset'],
    [59_999, 'refused'],
    [60_000, 'refused'],
    [61_000, 'reset'],
    [62_000, 'reset'],
  ] as const) {
    now = time;
    tell(new Error(message));
  }
  expect(lines.map((line) => JSON.parse(line).error.message)).toEqual([
    'refused',
    'reset',
    'refused',
    'reset',
  ]);
});
