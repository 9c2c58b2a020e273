export interface DatabaseMaintenance {
  /** Answers a trivial query. */
  ping(): Promise<void>;
  /** Writes a consistent, verified copy into `directory`, keeps the newest `keep`. Returns the file's path and size. */
  backup(directory: string, keep: number, now: number): Promise<{ file: string; bytes: number }>;
}
