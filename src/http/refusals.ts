import type { Request } from 'express';
import type { RefusedAccess } from '../domain/events.ts';

/** Tells observers (log, metrics) that somebody was not let in, or not now. */
export type ReportRefusal = (kind: RefusedAccess, req: Request) => void;
