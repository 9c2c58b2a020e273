import { expect, it } from 'vitest';
import { startTogether } from '../../support/redis-process.ts';

it('leaves no server behind when one of several does not start', async () => {
  const pids: number[] = [];
  const starting = startTogether(async (run) => {
    const good = run().then(({ pid }) => pids.push(pid));
    await Promise.all([good, run({ settings: { 'no-such-setting': 'x' } })]);
  });
  await expect(starting).rejects.toThrow(/did not start/);
  expect(pids).toHaveLength(1);
  expect(() => process.kill(pids[0] ?? 0, 0)).toThrow(/ESRCH/);
});
