import { escapeHtml } from '../../http/page-layout.ts';
import type { LookedUpAlert } from '../../services/alerts/look-up.ts';
import { renderAdminPage, renderSearch } from '../admin-page.ts';
import { describeMoments, describeVerdict } from './timeline.ts';

interface Page {
  readonly prefix: string;
  readonly isSandbox: boolean;
}

const BADGES = {
  delivered: 'ok',
  queued: '',
  sending: '',
  expired: 'bad',
  failed: 'bad',
  uncertain: 'warn',
} as const;

/** What became of an alert, without anything that it says. */
export function renderTimeline(page: Page, alert: LookedUpAlert, now: number): string {
  const { record } = alert;
  const moments = describeMoments(alert).map(
    ({ at, what, kind }) =>
      `<li class="${kind}">${at === null ? '' : `${timeOf(at)} `}<span>${escapeHtml(what)}</span></li>`,
  );
  const facts = factsOf(alert).map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`);
  return renderAdminPage({
    ...page,
    title: `Alert ${record.id}`,
    styles: ['timeline.css'],
    body: `<h1>Alert</h1>
${renderSearch(page.prefix, record.id)}
<section class="card" aria-label="What became of it">
<p class="verdict"><span class="badge ${BADGES[record.status]}">${record.status}</span>
${escapeHtml(describeVerdict(alert, now))}</p>
<ol class="timeline">${moments.join('\n')}</ol>
</section>
<section class="card" aria-labelledby="facts"><h2 id="facts">What is known of it</h2>
<dl class="facts">${facts.join('\n')}</dl>
<p class="soft">Times are UTC. Nobody here can read what it says.
<a href="${page.prefix}/admin/queues/queue/alerts/${record.id}">Its job on the board</a>, for 24 hours.</p>
</section>`,
  });
}

/** @param fault a sentence */
export function renderNotFound(page: Page, id: string, fault: string): string {
  return renderAdminPage({
    ...page,
    title: 'Find an alert',
    body: `<h1>Find an alert</h1>
${renderSearch(page.prefix, id)}
<p class="card" role="alert">${escapeHtml(fault)}</p>`,
  });
}

/** Values are HTML. */
function factsOf({ record, integration, chat, incident }: LookedUpAlert): [string, string][] {
  const code = (value: string | number) => `<code>${escapeHtml(String(value))}</code>`;
  const name = integration === null ? 'gone' : escapeHtml(integration);
  const facts: ([string, string] | false)[] = [
    ['Id', code(record.id)],
    ['Integration', `${name} (number ${record.integrationId})`],
    chat !== null && ['Chat', code(chat)],
    ['Priority', `${record.priority}${record.silent ? ', silent' : ''}`],
    record.parts !== null && ['Messages', `${record.messageIds.length} of ${record.parts} have arrived`],
    record.messageIds.length > 0 && ["Telegram's ids", record.messageIds.map(code).join(', ')],
    incident !== null && [
      'Incident',
      `${incident.state}, ${incident.count} ${incident.count === 1 ? 'alert' : 'alerts'} since ${timeOf(incident.openedAt)}`,
    ],
  ];
  return facts.filter((fact) => fact !== false);
}

/** To the millisecond: what comes first is often the question. */
function timeOf(at: number): string {
  const iso = new Date(at).toISOString();
  return `<time datetime="${iso}">${iso.replace('T', ' ').replace('Z', ' UTC')}</time>`;
}
