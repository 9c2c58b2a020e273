/** Prebuilt SQL of the hot path. With a name, PostgreSQL keeps its plan. */
export interface Statement {
  readonly name?: string;
  readonly sqlite: string;
  readonly postgres: string;
}

/** A row as the drivers give it. */
export type Row = Record<string, unknown>;
