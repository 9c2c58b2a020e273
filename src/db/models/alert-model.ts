import type { AlertRow } from '../alerts/alert-columns.ts';
import { RowModel } from './row-model.ts';

export interface AlertModel extends AlertRow {}

/** A row of Alerts. Stays in src/db: callers get `toAlertRecord`. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: Objection sets the columns; each is declared in one place.
export class AlertModel extends RowModel {
  static override tableName = 'Alerts';
}
