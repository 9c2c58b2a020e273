/**
 * The result of work that may wait forever, or undefined as soon as the signal aborts. What comes later is ignored,
 * also a failure.
 * @throws what `work` throws
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const give = () => resolve(undefined);
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    const forget = () => signal.removeEventListener('abort', give);
    // Before the caller goes on: else two waits of one caller that follow each other would listen at the same time.
    void work.finally(forget).then(resolve, reject);
  });
}
