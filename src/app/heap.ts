import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Two halves of 8 MB: V8's own bound is twice that, which costs 15 MB and saves little (docs/decisions/0004). */
const NEW_SPACE_BYTES = 16 * 2 ** 20;

/**
 * Keeps memory below 150 MB under 50 connections (docs/decisions/0004): V8 collects before the old space grows by more
 * than 20%, and the new space stops growing early. One thread scavenges so little as fast as several. To be called before
 * the service is loaded: V8 cannot be given `--max-semi-space-size` once it runs.
 * @returns to be called when it is loaded: until then the new space does not grow at all, since nobody could stop it while
 * large files are evaluated
 */
export function tuneHeap(): () => void {
  setFlagsFromString('--heap-growing-percent=20');
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--semi-space-growth-factor=1');
  return letNewSpaceGrow;
}

/** By doubling, up to the bound. V8 lets it shrink while little happens: it may grow again. */
function letNewSpaceGrow(): void {
  let factor = 0;
  const decide = () => {
    const newSpace = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    const next = 2 * (newSpace?.space_size ?? 0) <= NEW_SPACE_BYTES ? 2 : 1;
    if (next === factor) return;
    factor = next;
    setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  };
  decide();
  // The collector's entries come after it is done, so that the flag is changed between two collections.
  new PerformanceObserver(decide).observe({ entryTypes: ['gc'] });
}
