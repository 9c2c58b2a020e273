import * as z from 'zod';
import { Word, Words } from '../text/values.ts';

/** One alert of a group, as Alertmanager and Grafana send it (the latter with more addresses, and its values). */
export const GroupedAlertSchema = z.object({
  status: Word,
  labels: Words,
  annotations: Words,
  startsAt: Word,
  generatorURL: Word,
  fingerprint: Word,
  silenceURL: Word,
  dashboardURL: Word,
  panelURL: Word,
  values: Words,
  valueString: Word,
});

/** The webhook of Prometheus Alertmanager, version 4 (Grafana's has the same form). */
export const AlertGroupSchema = z.object(
  {
    version: Word,
    status: z.string('Send the status of the group: firing or resolved.'),
    groupKey: z.string('Send the key of the group.'),
    receiver: Word,
    groupLabels: Words,
    commonLabels: Words,
    commonAnnotations: Words,
    externalURL: Word,
    truncatedAlerts: z.number().nullish().catch(undefined),
    alerts: z.array(GroupedAlertSchema, 'Send the alerts of the group.').min(1, 'Send at least one alert.'),
    title: Word,
    state: Word,
    message: Word,
  },
  "Send Alertmanager's JSON.",
);

export type GroupedAlert = z.output<typeof GroupedAlertSchema>;
export type AlertGroup = z.output<typeof AlertGroupSchema>;

/** Labels that say where something is, the most exact first. */
const PLACES = [
  'instance',
  'pod',
  'host',
  'hostname',
  'node',
  'device',
  'container',
  'deployment',
  'service',
];

/** Where it is; of several alerts, what they share. */
export function placeOf(labels: Readonly<Record<string, string>>): string | undefined {
  const name = PLACES.find((place) => (labels[place] ?? '') !== '');
  return name === undefined ? undefined : labels[name];
}

/** What is not said elsewhere: neither name, severity and place, nor what is meant for programs. */
export function otherLabels(labels: Readonly<Record<string, string>>): string[] {
  const place = placeOf(labels);
  return Object.entries(labels).flatMap(([name, value]) => {
    const isSaid = name === 'alertname' || name === 'severity' || (PLACES.includes(name) && value === place);
    return isSaid || name.startsWith('__') || value === '' ? [] : [`${name}: ${value}`];
  });
}

export function isFiring(alert: Pick<GroupedAlert, 'status'>): boolean {
  return alert.status !== 'resolved';
}

/** What makes a delivery the same as one before: the group, and of each alert which, how it stands and since when. */
export function deliveryOf(group: AlertGroup): unknown[] {
  const alerts = group.alerts.map(({ fingerprint, labels, status, startsAt }) =>
    JSON.stringify([fingerprint ?? labels, status, startsAt]),
  );
  return [group.groupKey, ...alerts.sort()];
}
