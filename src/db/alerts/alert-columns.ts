import type { AlertRecord, AlertStatus } from '../../domain/alert.ts';
import type { NewAlert } from '../../services/ports/alerts.ts';

/** As both databases hold it: yes and no are 1 and 0, times are epoch milliseconds. */
type Stored = string | number | null;

interface Column<Value, Kept extends Stored> {
  readonly read: (stored: Kept) => Value;
  /** What an accept writes, and its type in PostgreSQL. Without it the database's default counts at first. */
  readonly asked?: {
    readonly type: 'text' | 'int' | 'bigint' | 'smallint';
    readonly of: (alert: NewAlert) => Kept;
  };
}

/** The columns of Alerts that are fields of the record. */
const FIELDS = {
  id: given('text', (alert) => alert.id),
  integrationId: given('int', (alert) => alert.integrationId),
  status: later<AlertStatus>(),
  reason: later<string | null>(),
  format: given('text', (alert) => alert.format),
  priority: given('text', (alert) => alert.priority),
  silent: flag((alert) => alert.silent),
  threadId: given('bigint', (alert) => alert.threadId),
  deliverAt: given('bigint', (alert) => alert.deliverAt),
  expiresAt: given('bigint', (alert) => alert.expiresAt),
  sealedTags: given('text', (alert) => alert.sealedTags),
  hasButton: flag((alert) => alert.hasButton),
  parts: later<number | null>(),
  messageIds: numbers(),
  resends: later<number>(),
  incidentId: later<string | null>(),
  folded: later<AlertRecord['folded']>(),
  shown: yesOrNo(),
  replyTo: later<number | null>(),
  notice: yesOrNo(),
  /** Only the statement that accepts knows it. */
  remaining: later<number>(),
  createdAt: given('bigint', (alert) => alert.createdAt),
  sendingAt: later<number | null>(),
  endedAt: later<number | null>(),
} satisfies { [Field in keyof AlertRecord]: Pick<Column<AlertRecord[Field], never>, 'read'> };

/** The others, which stay in src/db. */
const HIDDEN = {
  /** When it last came into the queue: created, or sent again by hand. */
  queuedAt: given('bigint', (alert) => alert.createdAt),
  idempotencyKeyHash: given('text', (alert) => alert.idempotency?.keyHash ?? null),
  bodyHash: given('text', (alert) => alert.idempotency?.bodyHash ?? null),
  /** The integration's period that its unit was taken from; null: it took none. Only the statement that accepts knows it. */
  period: later<number | null>(),
  /** A repeat of its key was answered: it cannot be withdrawn any more. */
  confirmedAt: later<number | null>(),
  /** The incident's version that counts it. */
  foldVersion: later<number | null>(),
};

/**
 * All columns of Alerts. The statement that accepts, the model and the record follow from this table: a new column needs
 * a migration, the domain's type and a line here.
 */
const COLUMNS = { ...FIELDS, ...HIDDEN };
type Columns = typeof COLUMNS;

export type AlertRow = { [Name in keyof Columns]: Parameters<Columns[Name]['read']>[0] };

const readers = Object.entries(FIELDS) as [keyof AlertRecord, Pick<Column<unknown, never>, 'read'>][];
const asked = Object.entries<Pick<Column<unknown, Stored>, 'asked'>>(COLUMNS).flatMap(([name, column]) =>
  column.asked === undefined ? [] : [[name, column.asked] as const],
);

/** The columns that an accept writes, name → type in PostgreSQL. */
export const ASKED_COLUMNS = Object.fromEntries(asked.map(([name, { type }]) => [name, type]));

/** A plain object with exactly the fields of the domain's type. */
export function toAlertRecord(row: AlertRow): AlertRecord {
  const fields = readers.map(([name, { read }]) => [name, read(row[name] as never)]);
  // FIELDS has each field of the record, of its type.
  return Object.fromEntries(fields) as unknown as AlertRecord;
}

/** An alert's values for ASKED_COLUMNS, in their order. */
export function toNewValues(alert: NewAlert): Stored[] {
  return asked.map(([, { of }]) => of(alert));
}

/** The same by name. */
export function toNewEntry(alert: NewAlert): Record<string, Stored> {
  return Object.fromEntries(asked.map(([name, { of }]) => [name, of(alert)]));
}

function given<Kept extends Stored>(
  type: 'text' | 'int' | 'bigint',
  of: (alert: NewAlert) => Kept,
): Column<Kept, Kept> {
  return { read: (stored) => stored, asked: { type, of } };
}

/** Set by what becomes of the alert. */
function later<Kept extends Stored>(): Column<Kept, Kept> {
  return { read: (stored) => stored };
}

function yesOrNo(): Column<boolean, number> {
  return { read: (stored) => stored === 1 };
}

function flag(of: (alert: NewAlert) => boolean): Column<boolean, number> {
  return {
    read: (stored) => stored === 1,
    asked: { type: 'smallint', of: (alert) => (of(alert) ? 1 : 0) },
  };
}

/** Numbers separated by commas: one statement adds one. */
function numbers(): Column<readonly number[], string> {
  return { read: (stored) => (stored === '' ? [] : stored.split(',').map(Number)) };
}
