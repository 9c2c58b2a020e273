/** Where a command writes what it did (log) and what went wrong (error). */
export interface CommandIo {
  log(line: string): void;
  error(line: string): void;
}
