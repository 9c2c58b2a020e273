export interface DatabaseMaintenance {
  /** Writes and commits one row, as an accept does: a full disk or a read-only database shows in nothing less. */
  probeWrite(now: number): Promise<void>;
  /**
   * Writes a consistent, verified copy into `directory`, keeps the newest `keep`. Returns the file's path and size; undefined
   * where backups are the database's own: there is no pg_dump for a PostgreSQL.
   */
  backup(directory: string, keep: number, now: number): Promise<{ file: string; bytes: number } | undefined>;
}
