import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const SCRIPT = resolve(import.meta.dirname, '../../../.ci/count-tests.mjs');
const folder = mkdtempSync(join(tmpdir(), 'pingui-count-'));
afterAll(() => rmSync(folder, { recursive: true }));

function count(report?: object) {
  const path = join(folder, 'report.json');
  rmSync(path, { force: true });
  if (report !== undefined) writeFileSync(path, JSON.stringify(report));
  const { stdout, status } = spawnSync(process.execPath, [SCRIPT, path], { encoding: 'utf8' });
  return { stdout, status };
}

it('prints the counts and succeeds when all tests passed', () => {
  const testResults = [{ status: 'passed', assertionResults: [{ status: 'passed' }] }];
  expect(count({ numPassedTests: 12, numFailedTests: 0, testResults })).toEqual({
    stdout: '12 passed, 0 failed\n',
    status: 0,
  });
});

it('counts failed tests, and files that broke before they had any, and fails', () => {
  const testResults = [
    { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
    { status: 'failed', assertionResults: [] },
  ];
  expect(count({ numPassedTests: 3, numFailedTests: 1, testResults })).toEqual({
    stdout: '3 passed, 2 failed\n',
    status: 1,
  });
});

it('never takes nothing for success', () => {
  expect(count({ numPassedTests: 0, numFailedTests: 0, testResults: [] }).status).toBe(1);
  expect(count()).toEqual({ stdout: '0 passed, 1 failed\n', status: 1 });
});
