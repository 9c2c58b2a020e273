interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/**
 * The clock, but it never goes back: where somebody sets it back, this one goes on from where it was. For whatever measures
 * how long something lasts; not for times that are shown, kept or compared with others'.
 */
export function createSteadyClock(clock: Clock): Clock {
  let last = Number.NEGATIVE_INFINITY;
  let ahead = 0;
  return {
    now() {
      const now = clock.now() + ahead;
      if (now < last) ahead += last - now;
      last = Math.max(last, now);
      return last;
    },
  };
}
