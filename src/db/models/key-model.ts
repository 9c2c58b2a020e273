import { RowModel } from './row-model.ts';

/** A row of Keys: a capability key. */
export class KeyModel extends RowModel {
  static override tableName = 'Keys';

  declare id: number;
  declare integrationId: number;
  declare adapter: string;
  declare name: string;
  declare keyHash: string;
  declare options: string | null;
  declare createdAt: number;
}
