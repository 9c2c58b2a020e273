/** A table that is part of a backup and of a move to another database. */
export interface Table {
  readonly name: string;
  /** Its primary key. */
  readonly key: readonly string[];
  /** The column that the database numbers on its own. */
  readonly serial?: string;
}

/** All tables but knex's own, in an order that satisfies the foreign keys. */
export const TABLES: readonly Table[] = [
  { name: 'Installation', key: ['one'] },
  { name: 'Integrations', key: ['id'], serial: 'id' },
  { name: 'Alerts', key: ['id'] },
  { name: 'Incidents', key: ['id'] },
  { name: 'Keys', key: ['id'], serial: 'id' },
  { name: 'Chats', key: ['chatId'] },
  { name: 'Invites', key: ['hash'] },
  { name: 'JobRuns', key: ['name', 'slot'] },
];
