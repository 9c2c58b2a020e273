import { expect, it } from 'vitest';
import { isDataError, retryConflicts } from '../../../../src/db/engine/conflicts.ts';

it('repeats what PostgreSQL took back for another transaction, and nothing else', async () => {
  const failing = (code: string, times: number) => {
    let calls = 0;
    return {
      calls: () => calls,
      work: async () => {
        calls += 1;
        if (calls <= times)
          throw Object.assign(new Error(code), { nativeError: Object.assign(new Error(), { code }) });
        return 'done';
      },
    };
  };
  expect(await retryConflicts(failing('40P01', 2).work)).toBe('done');
  const forEver = failing('40001', 99);
  await expect(retryConflicts(forEver.work)).rejects.toThrow('40001');
  expect(forEver.calls()).toBe(4);
  const other = failing('23505', 1);
  await expect(retryConflicts(other.work)).rejects.toThrow('23505');
  expect(other.calls()).toBe(1);
});

it('tells refused data from a broken connection', () => {
  const withCode = (code: string) => Object.assign(new Error(), { code });
  for (const code of ['23505', '22001', 'SQLITE_CONSTRAINT']) expect(isDataError(withCode(code))).toBe(true);
  for (const code of ['57P01', '08006', 'ECONNRESET', 'SQLITE_BUSY', 'SQLITE_FULL']) {
    expect(isDataError(withCode(code))).toBe(false);
  }
  expect(isDataError(new Error('x'))).toBe(false);
});
