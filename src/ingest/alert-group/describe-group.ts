import { labelled, line, lines, short } from '../text/lines.ts';
import { type Link, link, links } from '../text/link.ts';
import { since } from '../text/moment.ts';
import { severityOf, worst } from '../text/severity.ts';
import { type AlertGroup, type GroupedAlert, isFiring, otherLabels, placeOf } from './alert-group.ts';

/** More alerts than this would not be read on a phone; the message says how many there are. */
const MOST_FIRING = 10;
const MOST_RESOLVED = 5;
/** Names of different alerts in a title. */
const MOST_NAMES = 3;
/** Characters of one alert in a list. */
const ITEM = 200;

const SUMMARIES = ['summary', 'description', 'message'];
const VALUES = ['value', 'current_value', 'VALUE'];
const RUNBOOKS = ['runbook_url', 'runbook', 'runbookUrl'];

export interface Described {
  readonly title: string;
  readonly message: string;
  readonly severity: string | undefined;
}

/** What people read of a group: how bad, what, where, the values, since when. */
export function describeGroup(group: AlertGroup): Described {
  const firing = group.alerts.filter(isFiring);
  const resolved = group.alerts.filter((alert) => !isFiring(alert));
  const severity = worst((firing.length > 0 ? firing : resolved).flatMap(severityOfAlert));
  const [only] = group.alerts;
  const isSingle = group.alerts.length === 1 && !group.truncatedAlerts;
  const body =
    isSingle && only !== undefined ? describeAlert(only) : describeSeveral(group, firing, resolved);
  return { title: titleOf(group), severity, message: lines(heading(severity, firing, resolved), body) };
}

/** A runbook that the alerts share. */
export function runbookOf(group: AlertGroup): Link | undefined {
  const { alerts, commonAnnotations } = group;
  const shared = alerts.length === 1 ? (alerts[0]?.annotations ?? {}) : commonAnnotations;
  const named = RUNBOOKS.map((name) => shared[name]);
  return links(...named.map((url) => link('Runbook', url)))[0];
}

function titleOf({ alerts, commonLabels, groupLabels, title }: AlertGroup): string {
  const labels = alerts.length === 1 ? (alerts[0]?.labels ?? {}) : commonLabels;
  const names = [...new Set(alerts.map((alert) => alert.labels.alertname ?? ''))].filter(
    (name) => name !== '',
  );
  const grouped = Object.values(groupLabels).join(', ');
  const listed = names.length <= MOST_NAMES ? names.join(', ') : '';
  const name =
    labels.alertname ?? (grouped || listed || short(title ?? '', 100) || `${alerts.length} alerts`);
  const place = placeOf(labels);
  return place === undefined || name.includes(place) ? name : `${name} · ${place}`;
}

function heading(severity: string | undefined, firing: readonly unknown[], resolved: readonly unknown[]) {
  if (firing.length === 0) return line('✅ resolved', severity);
  const isOne = firing.length + resolved.length === 1;
  const word = severity ?? (isOne ? 'firing' : undefined);
  const ended = resolved.length === 0 ? undefined : `${resolved.length} resolved`;
  return line(
    `${severityOf(severity).mark} ${word ?? `${firing.length} firing`}`,
    word === undefined || isOne ? undefined : `${firing.length} firing`,
    ended,
  );
}

function severityOfAlert({ labels }: GroupedAlert): string[] {
  const word = labels.severity ?? labels.priority ?? labels.level;
  return word === undefined || word === '' ? [] : [word];
}

/** All of one alert. */
function describeAlert(alert: GroupedAlert): string {
  const { annotations, labels } = alert;
  const texts = SUMMARIES.map((name) => annotations[name]?.trim() ?? '').filter((text) => text !== '');
  return lines(
    ...new Set(texts),
    measured(alert),
    ...Object.entries(annotations).map(([name, text]) => (isSaid(name) ? undefined : labelled(name, text))),
    line(...otherLabels(labels)),
    since(alert.startsAt),
  );
}

function describeSeveral(
  group: AlertGroup,
  firing: readonly GroupedAlert[],
  resolved: readonly GroupedAlert[],
): string {
  const { commonLabels, commonAnnotations } = group;
  const shared = SUMMARIES.map((name) => commonAnnotations[name]).find((text) => (text ?? '') !== '');
  const item = (mark: string) => (alert: GroupedAlert) =>
    `${mark} ${describeItem(alert, commonLabels, shared)}`;
  const unsaid = firing.length - MOST_FIRING + (group.truncatedAlerts ?? 0);
  const more = Math.max(unsaid, group.truncatedAlerts ?? 0);
  return lines(
    shared,
    ...firing.slice(0, MOST_FIRING).map(item('•')),
    more > 0 && `… and ${more} more`,
    ...resolved.slice(0, MOST_RESOLVED).map(item('✅')),
    resolved.length > MOST_RESOLVED && `… and ${resolved.length - MOST_RESOLVED} more resolved`,
    line(...otherLabels(commonLabels)),
  );
}

/** One of several, on one line: by what it differs from the others. */
function describeItem(
  alert: GroupedAlert,
  common: Readonly<Record<string, string>>,
  shared: string | undefined,
): string {
  const own = Object.fromEntries(Object.entries(alert.labels).filter(([name]) => !(name in common)));
  const name = [own.alertname, placeOf(own)].filter(Boolean).join(' · ');
  const text = SUMMARIES.map((field) => alert.annotations[field]).find((one) => (one ?? '') !== '');
  const what = text === shared ? undefined : text;
  const head = name || otherLabels(own).join(', ') || alert.labels.alertname || 'alert';
  const said = line(
    what === undefined ? head : `${head}: ${what}`,
    measured(alert),
    isFiring(alert) && since(alert.startsAt),
  );
  return short(said, ITEM);
}

/** The value that the rule tells, or Grafana's, by their names. Its numbers have more digits than anybody reads. */
function measured({ annotations, values, valueString }: GroupedAlert): string | undefined {
  const told = VALUES.map((name) => annotations[name]?.trim()).find(Boolean);
  if (told !== undefined) return `value: ${told}`;
  const named = Object.entries(values).map(([name, value]) => `${name} = ${shortNumber(value)}`);
  if (named.length > 0) return `value: ${named.join(', ')}`;
  const found = /\bvalue=(\S+?)\s*\]/.exec(valueString ?? '')?.[1];
  return found === undefined ? undefined : `value: ${shortNumber(found)}`;
}

function shortNumber(value: string): string {
  const number = Number(value);
  return value.trim() === '' || Number.isNaN(number) ? value : String(Number(number.toPrecision(4)));
}

/** Where else it is shown, or that it is meant for programs. */
function isSaid(annotation: string): boolean {
  return [...SUMMARIES, ...VALUES, ...RUNBOOKS].includes(annotation) || annotation.startsWith('__');
}
