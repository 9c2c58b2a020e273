import type { Incident } from './incident.ts';
import { cutTo, hasVisible, readable } from './readable-text.ts';

/** What a button asks for: somebody takes the problem, or puts it back. */
export type Press = 'acknowledge' | 'release';

/** Who acknowledged: a person's name (at most `MAX_BY` characters), or one of these. */
export const BY_PROGRAM = 'api';
export const BY_ANONYMOUS = 'anonymous admin';
const MAX_BY = 64;
/** Whose name is not to be had. */
export const NOBODY = 'somebody';

/** Marks of a writing direction: a name with them would turn the line around that shows it. */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A person's name as an alert shows it: one line, at most 64 characters (UTF-16 units).
 * @param otherwise where there is nothing to see
 */
export function personName(names: readonly (string | undefined)[], otherwise = NOBODY): string {
  const given = names.filter((name) => name !== undefined).join(' ');
  const line = readable(given).replaceAll(DIRECTIONS, '').replaceAll(/\s+/g, ' ').trim();
  return hasVisible(line) ? cutTo(line, MAX_BY).trim() : otherwise;
}

type Known = Pick<Incident, 'state' | 'closedAt'>;

/** An alert without a key, to be acknowledged: an incident that takes no other alerts. */
export function isSingle({ state, closedAt }: Known): boolean {
  return closedAt !== null && (state === 'open' || state === 'acknowledged');
}

/** Resolved, stale, or its message never arrived: nobody needs to take it any more. */
export function isOver({ state }: Pick<Incident, 'state'>): boolean {
  return state !== 'open' && state !== 'acknowledged';
}

/** What its message shows may still have to change. */
export function mayChange(incident: Known & Pick<Incident, 'hasButtons'>): boolean {
  return incident.closedAt === null || (isSingle(incident) && incident.hasButtons);
}

/** What the press makes of it; undefined: nothing, it is so already or over. */
export function stateAfter(
  { state }: Pick<Incident, 'state'>,
  press: Press,
): 'open' | 'acknowledged' | undefined {
  if (state === 'open' && press === 'acknowledge') return 'acknowledged';
  return state === 'acknowledged' && press === 'release' ? 'open' : undefined;
}
