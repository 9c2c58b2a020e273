/** How often a long work tells how far it is, in ms; what is done sooner says nothing. */
const EVERY_MS = 2_000;

/** Lets through the first line after each two seconds. */
export function createProgress(tell: (line: string) => void): (line: string) => void {
  let toldAt = performance.now();
  return (line) => {
    if (performance.now() - toldAt < EVERY_MS) return;
    toldAt = performance.now();
    tell(line);
  };
}

/** For copyTables and compareTables. */
export function tellRows(done: string, tell: (line: string) => void): (table: string, rows: number) => void {
  const progress = createProgress(tell);
  return (table, rows) => progress(`${table}: ${rows} rows ${done} …`);
}
