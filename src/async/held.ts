/** The clock that ages are measured by; epoch ms. */
interface HeldClock {
  now(): number;
}

/** An answer is held at least so long, in ms, and so many times longer than it took: it never costs more than a twentieth. */
const SHORTEST_MS = 2_000;
const TIMES_LONGER = 20;

/** Runs `work` at most once at a time, and gives its answer again for a while. What failed is tried anew. */
export function held<T>(
  work: () => Promise<T>,
  clock: HeldClock,
  shortestMs = SHORTEST_MS,
): () => Promise<T> {
  let last: { readonly answer: Promise<T>; readonly at: number; until: number } | undefined;
  return () => {
    const now = clock.now();
    if (last !== undefined && now >= last.at && now < last.until) return last.answer;
    const run = { answer: work(), at: now, until: Number.POSITIVE_INFINITY };
    last = run;
    run.answer.then(
      () => {
        const endedAt = clock.now();
        run.until = endedAt + Math.max(shortestMs, TIMES_LONGER * (endedAt - now));
      },
      () => {
        run.until = now;
      },
    );
    return run.answer;
  };
}
