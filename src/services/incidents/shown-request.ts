import type { AlertContent } from '../../domain/alert.ts';
import type { Resolve } from '../../domain/incident.ts';
import type { AlertRequest } from '../alerts/alert-request.ts';
import type { TakeInResult } from '../ports/incidents.ts';

/** What an end without an incident says, below its own text. */
const RESOLVED = '✅ Resolved';
/** The most of an alert without a title that a line of a digest shows, in characters. */
const MOST_OF_MESSAGE = 100;

/** An end that finds no incident is a message that says so. */
export function shownRequest(
  request: AlertRequest,
  resolve: Resolve,
  taken: Extract<TakeInResult, { kind: 'accepted' | 'folded' | 'repeated' }>,
): AlertRequest {
  if (resolve === false) return request;
  if (taken.kind === 'folded') {
    const { title } = request;
    return taken.into === 'digest' && title !== undefined
      ? { ...request, title: `${RESOLVED}: ${title}` }
      : request;
  }
  const isMessage = taken.kind === 'accepted' || taken.record.incidentId === null;
  return isMessage ? { ...request, message: `${request.message}\n${RESOLVED}` } : request;
}

/** What a digest shows of an alert: its title, or the beginning of its first line. */
export function titleLine(
  { title, message }: Pick<AlertRequest, 'title' | 'message'>,
  from: string | undefined,
): AlertContent {
  const [line = ''] = message.trim().split('\n');
  const whole = [...line];
  const cut = whole.length > MOST_OF_MESSAGE ? `${whole.slice(0, MOST_OF_MESSAGE).join('')}…` : line;
  return { message: title ?? cut, format: 'plain', ...(from === undefined ? {} : { from }) };
}
