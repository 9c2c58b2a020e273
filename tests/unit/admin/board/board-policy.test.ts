import { describe, expect, it } from 'vitest';
import { boardRefusal } from '../../../../src/admin/board/board-policy.ts';

describe('the board', () => {
  it('refuses by default, with a sentence', () => {
    const refused = boardRefusal({ method: 'put', route: '/api/queues/:queueName/something-new' }, 'alerts');
    expect(refused).toContain('ledger');
    expect(boardRefusal({ method: 'get', route: '/api/something-new' }, undefined)).toBeDefined();
  });

  it('promotes maintenance jobs but no alerts, and pauses alerts but no maintenance', () => {
    const promote = { method: 'put', route: '/api/queues/:queueName/:jobId/promote' } as const;
    const pause = { method: 'put', route: '/api/queues/:queueName/pause' } as const;
    expect(boardRefusal(promote, 'maintenance')).toBeUndefined();
    expect(boardRefusal(promote, 'alerts')).toBeDefined();
    expect(boardRefusal(pause, 'alerts')).toBeUndefined();
    expect(boardRefusal(pause, 'maintenance')).toBeDefined();
    expect(boardRefusal(pause, undefined)).toBeDefined();
  });
});
