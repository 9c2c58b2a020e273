import { describe, expect, it } from 'vitest';
import { filtersOf } from '../../../src/ingest/github/filters.ts';

const takes = (options: object, branch: string, usual = true, query = {}) =>
  filtersOf({ options, query }).takesBranch(branch, usual);

describe('the branches of a GitHub key', () => {
  it.each([
    [['main'], 'main', true],
    [['main'], 'mainline', false],
    [['release/*'], 'release/1.0', true],
    [['*'], 'anything', true],
    [['a*c*e'], 'abcde', true],
    [['a*a'], 'a', false],
    [['*.x'], '1.y', false],
    [['x*y*z'], 'xz', false],
  ])('%j: %s is %s', (branch, name, taken) => {
    expect(takes({ branch }, name)).toBe(taken);
  });

  it('may leave some out, and are the usual ones where none are chosen', () => {
    expect(takes({ exclude_branch: ['dependabot/*'] }, 'dependabot/npm')).toBe(false);
    expect([takes({}, 'feature', false), takes({}, 'main', true)]).toEqual([false, true]);
    expect(takes({ branch: ['main'] }, 'feature', true, { branch: 'feature, x' })).toBe(true);
  });

  it('take no longer for a pattern that is made to take long', () => {
    const began = performance.now();
    takes({ branch: ['*a'.repeat(120)] }, 'a'.repeat(250));
    expect(performance.now() - began).toBeLessThan(100);
  });
});
