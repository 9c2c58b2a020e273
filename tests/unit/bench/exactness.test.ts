import { describe, expect, it } from 'vitest';
import { InexactError, mustEqual } from '../../bench/exactness.ts';

describe('mustEqual', () => {
  it('throws with all counts when one differs', () => {
    expect(() => mustEqual('accept', { answered202: 5, queued: 5, pending: 4 })).toThrow(InexactError);
    expect(() => mustEqual('accept', { answered202: 5, pending: 4 })).toThrow(
      'accept: answered202 5, pending 4',
    );
  });

  it('is content with equal counts, and not with counts that are missing beside one that is not', () => {
    expect(() => mustEqual('accept', { a: 5, b: 5 })).not.toThrow();
    expect(() => mustEqual('accept', { a: 5, b: Number.NaN })).toThrow(InexactError);
  });
});
