/** How often it is looked, in ms, and from what on it was no slewing. */
const LOOK_MS = 1_000;
const STEP_MS = 500;

/** Tells when the wall clock was set back, by a clock that nobody sets. Keeps no process alive. Returns its end. */
export function watchClock(onSetBack: () => void): () => void {
  const offset = () => Date.now() - performance.now();
  let before = offset();
  const timer = setInterval(() => {
    const now = offset();
    if (now < before - STEP_MS) onSetBack();
    before = now;
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
