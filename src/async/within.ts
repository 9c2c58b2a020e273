import { startLimit } from './limit.ts';

/** Raised where something took longer than it was given. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  constructor(ms: number) {
    super(`took longer than ${ms} ms`);
  }
}

/**
 * Runs `work` and waits at most `ms` for it. What comes later is ignored, also a failure.
 * @throws TimeoutError, and whatever `work` throws
 */
export async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  let cancel: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = startLimit(ms, () => reject(new TimeoutError(ms)));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    cancel();
  }
}
