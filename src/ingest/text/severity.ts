import type { AlertPriority } from '../../domain/alert.ts';

interface Severity {
  readonly priority: AlertPriority;
  /** To be seen before anything is read. */
  readonly mark: string;
}

const HIGH: Severity = { priority: 'high', mark: '🔴' };
const NORMAL: Severity = { priority: 'normal', mark: '🟠' };
const LOW: Severity = { priority: 'low', mark: '🔵' };

/** The words of alert rules, runbooks and security advisories. */
const WORDS: Readonly<Record<string, Severity>> = {
  ...{ critical: HIGH, crit: HIGH, high: HIGH, fatal: HIGH, emergency: HIGH, emerg: HIGH, disaster: HIGH },
  ...{ page: HIGH, alert: HIGH, p0: HIGH, p1: HIGH, sev0: HIGH, sev1: HIGH, failure: HIGH, blocker: HIGH },
  ...{ error: NORMAL, err: NORMAL, major: NORMAL, warning: NORMAL, warn: NORMAL, medium: NORMAL },
  ...{ moderate: NORMAL, minor: NORMAL, average: NORMAL, p2: NORMAL, p3: NORMAL, sev2: NORMAL, sev3: NORMAL },
  ...{
    info: LOW,
    information: LOW,
    informational: LOW,
    notice: LOW,
    low: LOW,
    none: LOW,
    debug: LOW,
    ok: LOW,
  },
  ...{ p4: LOW, p5: LOW, sev4: LOW, sev5: LOW, note: LOW, success: LOW },
};

const RANK: Readonly<Record<AlertPriority, number>> = { low: 0, normal: 1, high: 2 };

/** What a severity's word means; one that is not known, or none, is normal. */
export function severityOf(word: string | null | undefined): Severity {
  const name = (word ?? '').trim().toLowerCase();
  return Object.hasOwn(WORDS, name) ? (WORDS[name] ?? NORMAL) : NORMAL;
}

/** The worst of them; undefined for none. */
export function worst(words: readonly string[]): string | undefined {
  return words.toSorted((a, b) => RANK[severityOf(b).priority] - RANK[severityOf(a).priority])[0];
}
