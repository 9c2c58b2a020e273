import { DateTime } from 'luxon';
import type { Incident } from '../../domain/incident.ts';
import type { MessageEntity } from '../ports/telegram.ts';

interface Line {
  readonly text: string;
  readonly entities: readonly MessageEntity[];
}

const WITH_DATE = 'd LLL HH:mm';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * The line below an incident's text: how often and since when, or how it ended. Times are moments, which each reader's
 * client shows by its own clock; where it knows none, as text in the service's zone. Empty where the text says it all.
 * @param by who acknowledged it
 */
export function livingLine(incident: Incident, by: string, timeZone: string): Line {
  const line = createLine(timeZone);
  const { state, count, openedAt, lastAt, acknowledgedAt } = incident;
  if (incident.titleIds !== null) {
    if (incident.closedAt === null) line.add(`+${count} more since `).moment(openedAt, lastAt);
    else line.add(`+${count} more · `).moment(openedAt, lastAt).add(' – ').moment(lastAt, openedAt);
    if (acknowledgedAt !== null) line.separate().add(`👀 ${by}, `).moment(acknowledgedAt, lastAt);
    return line.build();
  }
  if (state === 'resolved')
    line.add(`✅ Resolved after ${durationText((incident.resolvedAt ?? lastAt) - openedAt)}`);
  if (state === 'stale') line.add('💤 not heard of since ').moment(lastAt, openedAt);
  if (acknowledgedAt !== null) line.separate().add(`👀 ${by}, `).moment(acknowledgedAt, lastAt);
  if (count > 1) {
    line.separate().add(`×${count} · since `).moment(openedAt, lastAt);
    if (state !== 'stale') line.add(' · last ').moment(lastAt, openedAt);
  }
  return line.build();
}

/** "27 Nov 14:02" */
export function dateText(at: number, timeZone: string): string {
  return DateTime.fromMillis(at, { zone: timeZone }).toFormat(WITH_DATE, { locale: 'en' });
}

/** A moment as text, in the service's zone. */
export function momentText(at: number, timeZone: string): string {
  return DateTime.fromMillis(at, { zone: timeZone }).toFormat('HH:mm');
}

/** "40 s", "14 min", "2 h 5 min", "3 d 2 h". @param ms may be below 0 where clocks differ */
export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return pair([ms, HOUR_MS, 'h'], [MINUTE_MS, 'min']);
  return pair([ms, DAY_MS, 'd'], [HOUR_MS, 'h']);
}

function pair([ms, unit, name]: [number, number, string], [less, lessName]: [number, string]): string {
  const rest = Math.floor((ms % unit) / less);
  const head = `${Math.floor(ms / unit)} ${name}`;
  return rest === 0 ? head : `${head} ${rest} ${lessName}`;
}

function createLine(timeZone: string) {
  let text = '';
  const entities: MessageEntity[] = [];
  const line = {
    add(more: string) {
      text += more;
      return line;
    },
    separate() {
      if (text !== '') text += ' · ';
      return line;
    },
    /** With its date where that is not the `other`'s. */
    moment(at: number, other: number) {
      const [time, reference] = [at, other].map((ms) => DateTime.fromMillis(ms, { zone: timeZone }));
      const isSameDay = time?.hasSame(reference ?? time, 'day') ?? true;
      const shown = time?.toFormat(isSameDay ? 'HH:mm' : WITH_DATE, { locale: 'en' }) ?? '';
      entities.push({
        type: 'date_time',
        offset: text.length,
        length: shown.length,
        unix_time: Math.floor(at / 1000),
        date_time_format: isSameDay ? 't' : 'dt',
      });
      return line.add(shown);
    },
    build: (): Line => ({ text, entities }),
  };
  return line;
}
