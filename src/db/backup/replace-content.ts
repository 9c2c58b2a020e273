import type { Knex } from 'knex';
import type { Database } from '../engine/connect.ts';
import { compareTables, copyTables, type OnRows, readSnapshot } from '../engine/copy-tables.ts';
import { TABLES } from '../engine/tables.ts';

/**
 * Puts what is in one database in place of all that is in another, and compares every row, in one transaction: after an
 * error the other holds what it held. Both have the schema of now. Returns the rows per table.
 * @throws Error when a row differs
 */
export function replaceContent(
  from: Database,
  to: Database,
  onRows: { readonly copied: OnRows; readonly compared: OnRows },
): Promise<Map<string, number>> {
  return readSnapshot(from, (source) =>
    to.knex.transaction(async (target) => {
      if (to.dialect === 'postgres') await lockAll(target);
      for (const { name } of TABLES.toReversed()) await target(name).delete();
      const rows = await copyTables(source, target, onRows.copied);
      await compareTables(source, target, onRows.compared);
      return rows;
    }),
  );
}

/** A service that is started by mistake waits, and then sees what was restored. */
async function lockAll(target: Knex.Transaction): Promise<void> {
  for (const { name } of TABLES) await target.raw('LOCK TABLE ?? IN ACCESS EXCLUSIVE MODE', [name]);
}
