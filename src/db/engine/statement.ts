/** Prebuilt SQL of the hot path. With a name, PostgreSQL keeps its plan. */
export interface Statement {
  /** What SQLite needs once per connection before it: temporary views and triggers. */
  readonly sqliteSetup?: readonly string[];
  readonly name?: string;
  readonly sqlite: string;
  readonly postgres: string;
}

/** A row as the drivers give it. */
export type Row = Record<string, unknown>;
