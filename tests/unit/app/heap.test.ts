import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** In a process of its own, since V8's flags are the process's. Prints the new space's size in MB: loaded, idle, loaded again. */
const PROGRAM = `
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { tuneHeap } from './src/app/heap.ts';
const size = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size / 2 ** 20;
async function allocateUntil(isDone, turns = 2000) {
  let kept = [];
  for (let turn = 0; turn < turns && !isDone(); turn += 1) {
    for (let index = 0; index < 2000; index += 1) kept.push({ numbers: new Array(50).fill(index) });
    if (kept.length > 20_000) kept = [];
    await new Promise(setImmediate);
  }
  return size();
}
tuneHeap()();
const loaded = await allocateUntil(() => size() >= 16);
for (let waited = 0; waited < 60 && size() > 4; waited += 1) {
  await sleep(250);
  globalThis.gc({ type: waited % 2 === 0 ? 'major' : 'minor' });
}
const idle = size();
console.log(JSON.stringify({ loaded, idle, again: await allocateUntil(() => size() >= 16), most: await allocateUntil(() => false, 60) }));
`;

it('lets the new space grow to 16 MB and no further, also after an idle time in which V8 has shrunk it', async () => {
  const args = ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { idle, ...busy } = JSON.parse(stdout);
  expect(idle).toBeLessThanOrEqual(4);
  expect(busy).toEqual({ loaded: 16, again: 16, most: 16 });
}, 60_000);
