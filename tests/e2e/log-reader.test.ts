import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { createSourceFrames } from '../../src/ops/source-frames.ts';
import { requireBuild } from '../support/main-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MAIN = resolve(ROOT, 'dist/src/main.js');
const DESTINATION = pathToFileURL(resolve(ROOT, 'src/ops/log-destination.ts')).href;

/** Writes far more than a pipe holds to its standard output, as main.ts does, says that it is alive, and ends. */
const SCRIPT = `
  import { writeSync } from 'node:fs';
  import { createStdoutDestination } from '${DESTINATION}';
  const { fd } = process.stdout;
  const destination = createStdoutDestination((bytes) => writeSync(fd, bytes));
  for (let lines = 0; lines < 5; lines++) {
    destination.write('x'.repeat(1_000_000) + '\\n');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.stderr.write('alive');
  destination.flushSync();
  process.exit(7);`;

it('a reader of the log that stands still makes nothing else stand still, and lets the process end', async () => {
  // Nobody reads its standard output.
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', SCRIPT], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const killer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(killer);
  expect({ said, code }).toEqual({ said: 'alive', code: 7 });
}, 40_000);

it('a stack names the places in the sources, though the build is few files', () => {
  requireBuild();
  const LINE = 'run(process.argv.slice(2)).then(';
  const at = readFileSync(MAIN, 'utf8').split('\n').indexOf(LINE) + 1;
  const wanted = readFileSync(resolve(ROOT, 'src/main.ts'), 'utf8').split('\n').indexOf(LINE) + 1;
  const frames = createSourceFrames();
  const [built, other] = [pathToFileURL(MAIN).href, 'file:///elsewhere/no-map.js:1:2'];
  expect(frames(`    at ${built}:${at}:1\n    at run (${other})`)).toBe(
    `    at src/main.ts:${wanted}:1\n    at run (${other})`,
  );
  // A place in a library.
  expect(frames(`    at ${built}:2:3`)).toBe(`    at ${built}:2:3`);
});
