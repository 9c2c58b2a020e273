import { describe, expect, it } from 'vitest';
import { readAckWait, readWait } from '../../../src/api/alerts/wait.ts';

describe('what an answer waits for', () => {
  it.each([
    [{}, { until: 'end', seconds: 0 }],
    [{ wait: '30' }, { until: 'end', seconds: 30 }],
    [
      { wait: '5', seconds: '9' },
      { until: 'end', seconds: 5 },
    ],
    [{ wait: 'ack' }, { until: 'acknowledgement', seconds: 30 }],
    [
      { wait: 'ack', seconds: '1' },
      { until: 'acknowledgement', seconds: 1 },
    ],
    [
      { wait: 'ack', seconds: '60' },
      { until: 'acknowledgement', seconds: 60 },
    ],
  ])('%j', (query, wait) => {
    expect(readWait(query)).toEqual(wait);
  });

  it.each([
    [{ wait: '61' }, 'wait'],
    [{ wait: 'end' }, 'wait'],
    [{ wait: ['ack', '3'] }, 'wait'],
    [{ wait: 'ack', seconds: '0' }, 'seconds'],
    [{ wait: 'ack', seconds: '61' }, 'seconds'],
    [{ wait: 'ack', seconds: ['1', '2'] }, 'seconds'],
  ])('%j is refused by its name', (query, path) => {
    const fault = expect.objectContaining({
      code: 'invalid_request',
      issues: [expect.objectContaining({ path })],
    });
    expect(() => readWait(query)).toThrow(fault);
  });

  it('is nothing new where an alert is posted without ?wait=ack', () => {
    expect([readAckWait({}), readAckWait({ wait: '30' })]).toEqual([undefined, undefined]);
  });
});
