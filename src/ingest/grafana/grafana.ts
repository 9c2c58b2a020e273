import * as z from 'zod';
import { defineAdapter } from '../adapter.ts';
import { type AlertGroup, AlertGroupSchema } from '../alert-group/alert-group.ts';
import { runbookOf } from '../alert-group/describe-group.ts';
import { groupAlert } from '../alert-group/group-alert.ts';
import { SecretSchema } from '../options.ts';
import { type Link, link, links } from '../text/link.ts';
import { verifyGrafana } from './verify-grafana.ts';

/** Grafana's contact point "webhook": as Alertmanager's, with its own addresses and values. */
export const grafana = defineAdapter({
  example: {
    status: 'firing',
    groupKey: '{}:{alertname="CPU"}',
    title: '[FIRING:1] CPU',
    state: 'alerting',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'CPU' },
        annotations: { summary: 'CPU at 98 %' },
        values: { B: 98.2 },
      },
    ],
  },
  options: z.strictObject({ secret: SecretSchema }),
  schema: AlertGroupSchema,
  methods: ['POST', 'PUT'],
  verify: verifyGrafana,
  // Nothing ever resolves a test.
  map: (group) => ({ alerts: [groupAlert('grafana', group, linksOf(group), !isTest(group))] }),
});

/** The button "Test" of a contact point. */
function isTest({ groupKey, commonLabels }: AlertGroup): boolean {
  return commonLabels.alertname === 'TestAlert' || groupKey.startsWith('test-');
}

function linksOf(group: AlertGroup): Link[] {
  const [first] = group.alerts;
  const isSingle = group.alerts.length === 1;
  const address = (name: 'panelURL' | 'dashboardURL' | 'generatorURL' | 'silenceURL') => {
    const all = new Set(group.alerts.map((alert) => alert[name] ?? ''));
    return isSingle || all.size === 1 ? first?.[name] : undefined;
  };
  const panels = links(link('Panel', address('panelURL')), link('Dashboard', address('dashboardURL')));
  const rule = link('Alert rule', address('generatorURL')) ?? link('Grafana', group.externalURL);
  return links(
    ...(panels.length > 0 ? panels : [rule]),
    link('Silence', address('silenceURL')),
    runbookOf(group),
  );
}
