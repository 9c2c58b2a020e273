import { readable } from '../../domain/readable-text.ts';
import { defineAdapter } from '../adapter.ts';
import { type AlertGroup, AlertGroupSchema } from '../alert-group/alert-group.ts';
import { runbookOf } from '../alert-group/describe-group.ts';
import { groupAlert } from '../alert-group/group-alert.ts';
import { NO_OPTIONS } from '../options.ts';
import { type Link, link, links } from '../text/link.ts';

/** Prometheus Alertmanager's webhook_config: each group of its alerts is one living message. */
export const alertmanager = defineAdapter({
  example: {
    version: '4',
    groupKey: '{}:{alertname="DiskFull"}',
    status: 'firing',
    receiver: 'pingui',
    groupLabels: { alertname: 'DiskFull' },
    commonLabels: { alertname: 'DiskFull', instance: 'db1:9100', severity: 'critical' },
    commonAnnotations: { summary: 'The disk of db1 is full' },
    externalURL: 'http://alertmanager:9093',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'DiskFull', instance: 'db1:9100', severity: 'critical' },
        annotations: { summary: 'The disk of db1 is full' },
        startsAt: '2030-01-31T08:00:00Z',
        fingerprint: 'e11a36bcc26d8ce9',
      },
    ],
  },
  options: NO_OPTIONS,
  schema: AlertGroupSchema,
  // It gives up on a 429, and repeats a 5xx (notify/webhook and notify/util of prometheus/alertmanager).
  isPatient: true,
  map: (group) => ({ alerts: [groupAlert('alertmanager', group, linksOf(group))] }),
});

function linksOf(group: AlertGroup): Link[] {
  const addresses = [...new Set(group.alerts.map(({ generatorURL }) => generatorURL ?? ''))];
  // Of several expressions none is the one to look at: Alertmanager shows the group.
  const generator = addresses.length === 1 ? addresses[0] : undefined;
  return links(
    link('Graph', generator) ?? link('Alerts', inAlertmanager(group, 'alerts')),
    link('Silence', inAlertmanager(group, 'silences/new')),
    runbookOf(group),
  );
}

/** A page of Alertmanager's, with a filter for this group: what all of its alerts have in common. */
function inAlertmanager({ alerts, commonLabels, groupLabels, externalURL }: AlertGroup, page: string) {
  const base = externalURL?.replace(/\/+$/, '') ?? '';
  const shared = Object.keys(commonLabels).length > 0 ? commonLabels : groupLabels;
  const labels = alerts.length === 1 ? (alerts[0]?.labels ?? shared) : shared;
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  if (base === '' || matchers.length === 0) return undefined;
  // Half a symbol cannot be in an address.
  return `${base}/#/${page}?filter=${encodeURIComponent(readable(`{${matchers.join(',')}}`))}`;
}
