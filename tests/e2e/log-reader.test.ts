import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { requireBuild } from '../support/main-process.ts';

const BUILT = new URL('../../dist/src/ops/log-destination.js', import.meta.url).href;

/** Writes far more than a pipe holds to its standard output, as main.ts does, says that it is alive, and ends. */
const SCRIPT = `
  import { writeSync } from 'node:fs';
  import { createStdoutDestination } from '${BUILT}';
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
  requireBuild();
  // Nobody reads its standard output.
  const child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(killer);
  expect({ said, code }).toEqual({ said: 'alive', code: 7 });
}, 15_000);
