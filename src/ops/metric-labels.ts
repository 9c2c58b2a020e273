/** Distinct values of one label: each makes a time series that Prometheus keeps. */
const MOST_VALUES = 40;

/** Keeps a label's values few and well-formed codes: what is neither known nor one of the first 40 is `other`. */
export function createLabelBound(): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= MOST_VALUES || !/^[\w.:-]{1,64}$/.test(value)) return 'other';
    known.add(value);
    return value;
  };
}
