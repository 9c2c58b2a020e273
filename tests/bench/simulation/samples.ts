/** Many numbers, for their percentiles. */
export interface Samples {
  readonly count: number;
  add(value: number): void;
  /** `share` from 0 (smallest) to 1 (largest); 0 without any sample. */
  percentile(share: number): number;
  /** Share of the samples above a limit; 0 without any sample. */
  shareAbove(limit: number): number;
}

const FIRST_SIZE = 1_024;

export function createSamples(): Samples {
  let values = new Float64Array(FIRST_SIZE);
  let count = 0;
  let isSorted = true;

  function sorted(): Float64Array {
    const used = values.subarray(0, count);
    if (!isSorted) used.sort();
    isSorted = true;
    return used;
  }

  return {
    get count() {
      return count;
    },
    add(value) {
      if (count === values.length) {
        const larger = new Float64Array(count * 2);
        larger.set(values);
        values = larger;
      }
      values[count] = value;
      count += 1;
      isSorted = false;
    },
    percentile(share) {
      return sorted()[Math.min(count - 1, Math.floor(count * share))] ?? 0;
    },
    shareAbove(limit) {
      let above = 0;
      for (const value of values.subarray(0, count)) if (value > limit) above += 1;
      return count === 0 ? 0 : above / count;
    },
  };
}
