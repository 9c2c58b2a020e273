import { RowModel } from './row-model.ts';

/** A row of Chats. Stays in src/db. */
export class ChatModel extends RowModel {
  static override tableName = 'Chats';
  static override idColumn = 'chatId';

  declare chatId: number;
  declare registeredAt: number;
  declare blockedAt: number | null;
}
