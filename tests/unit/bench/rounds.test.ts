import { describe, expect, it } from 'vitest';
import { inRounds } from '../../bench/rounds.ts';

describe('inRounds', () => {
  it('measures all subjects in each round, every other round backwards', async () => {
    const order: string[] = [];
    const figures = await inRounds(['a', 'b'], 3, async (subject) => order.push(subject));
    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect(figures).toEqual([
      [1, 4, 5],
      [2, 3, 6],
    ]);
  });
});
