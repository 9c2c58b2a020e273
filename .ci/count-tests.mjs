// Prints "N passed, N failed" from vitest's JSON report. Exit code 1 when a test failed or none passed.
import { readFileSync } from 'node:fs';

/** A file that fails before its tests exist (a broken import) counts as one failure: it has none of its own. */
function count(report) {
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
}

/** Without a report the tests did not run, which is a failure. */
function read(path) {
  try {
    return count(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    process.stderr.write('there is no readable test report: the tests did not run to their end\n');
    return { passed: 0, failed: 1 };
  }
}

const { passed, failed } = read(process.argv[2] ?? '');
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
