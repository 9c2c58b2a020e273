/** What doctor looks at. */
export type Subject =
  | 'settings'
  | 'node'
  | 'redis'
  | 'database'
  | 'backup'
  | 'disk'
  | 'telegram'
  | 'clock'
  | 'service';

/** One thing that was looked at. Says nothing secret, and no chat's id. */
export interface Finding {
  readonly subject: Subject;
  /** `skipped`: it could not be looked at, or there is nothing to look at. */
  readonly status: 'ok' | 'warning' | 'fault' | 'skipped';
  readonly message: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** Makes the findings of one subject. */
export function findingsOn(subject: Subject) {
  const make =
    (status: Finding['status']) =>
    (message: string, todo?: string): Finding => ({
      ...{ subject, status, message },
      ...(todo === undefined ? {} : { todo }),
    });
  return { ok: make('ok'), warning: make('warning'), fault: make('fault'), skipped: make('skipped') };
}
