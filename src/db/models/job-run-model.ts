import { RowModel } from './row-model.ts';

/** A row of JobRuns: the mark that a job was done for a slot. */
export class JobRunModel extends RowModel {
  static override tableName = 'JobRuns';
  static override idColumn = ['name', 'slot'];

  declare name: string;
  declare slot: string;
  declare ranAt: number;
  /** The last integration that a reset is done with; null: with all. */
  declare position: number | null;
}
