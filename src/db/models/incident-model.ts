import type { AlertPriority } from '../../domain/alert.ts';
import type { Incident } from '../../domain/incident.ts';
import { RowModel } from './row-model.ts';

/** A row of Incidents. Stays in src/db: callers get `toIncident`. */
export class IncidentModel extends RowModel {
  static override tableName = 'Incidents';

  declare id: string;
  declare integrationId: number;
  declare keyHash: string;
  declare state: Incident['state'];
  declare count: number;
  declare openedAt: number;
  declare lastAt: number;
  declare resolvedAt: number | null;
  declare closedAt: number | null;
  declare priority: AlertPriority;
  declare rangAt: number | null;
  declare version: number;
  declare shownVersion: number;
  declare leadId: string | null;
  declare messageId: number | null;
  declare threadId: number | null;
  declare textId: string;
  /** Ids separated by commas; null: it is no digest. */
  declare titleIds: string | null;
  declare reply: Incident['reply'];
  /** 1: yes. */
  declare hasButtons: number;
  declare acknowledgedAt: number | null;
  declare acknowledgedBy: string | null;
  /** When `version` or `reply` last changed. */
  declare changedAt: number;
}

/** A plain object with exactly the fields of the domain's type. */
export function toIncident(row: IncidentModel): Incident {
  const {
    keyHash: _key,
    priority: _priority,
    rangAt: _rangAt,
    changedAt: _changedAt,
    titleIds,
    ...incident
  } = row.toJSON();
  // What is left of the row has the columns of the domain's type.
  return {
    ...incident,
    titleIds: titleIdsOf({ titleIds }),
    hasButtons: row.hasButtons === 1,
  } as unknown as Incident;
}

/** The alerts whose titles it shows; null: it is no digest. */
export function titleIdsOf({ titleIds }: Partial<Pick<IncidentModel, 'titleIds'>>): readonly string[] | null {
  if (titleIds === undefined || titleIds === null) return null;
  return titleIds === '' ? [] : titleIds.split(',');
}
