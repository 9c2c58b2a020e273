import { RowModel } from './row-model.ts';

/** A row of Invites: a link that lets one more chat in. */
export class InviteModel extends RowModel {
  static override tableName = 'Invites';
  static override idColumn = 'hash';

  declare hash: string;
  declare createdAt: number;
  declare expiresAt: number;
}
