import { renderAdminPage, renderSearch } from '../admin-page.ts';

/** The page's frame: page/overview.js fills it, and keeps it up to date. */
export function renderOverview(page: { readonly prefix: string; readonly isSandbox: boolean }): string {
  return renderAdminPage({
    ...page,
    title: 'Overview',
    place: 'overview',
    styles: ['overview.css', 'uplot.css'],
    scripts: ['overview.js'],
    body: `<h1>Overview</h1>
<p id="state" class="state" role="status">Asking the service …</p>
<noscript><p class="card">This page needs JavaScript. <a href="${page.prefix}/metrics">Metrics</a> and
<a href="${page.prefix}/health/ready">health</a> say the same without.</p></noscript>
${renderSearch(page.prefix)}
<dl id="tiles" class="tiles"></dl>
<div class="columns">
${section('checks', 'Health checks', '<ul id="checks" class="checks"></ul>')}
${section('outcomes', 'What became of alerts', table('outcomes', ['', 'Last 24 h#', '30 days#']))}
</div>
${chart('sends', 'Messages sent per minute, last hour', ['Minute', 'Sent#'])}
${chart('days', 'Alerts per day, 30 days', ['Day', 'Delivered#', 'Failed, uncertain, expired#', 'Refused#'])}
<div class="columns">
${section('incidents', 'Open incidents', table('incidents', ['Integration', 'Chat', 'State', 'Alerts#', 'Open since', 'Last']))}
${section('hits', 'Quota hits by integration', table('hits', ['Integration', 'Chat', 'Today#', '30 days#']))}
${section('jobs', 'Scheduled jobs', table('jobs', ['Job', 'Last run', 'Result', 'Next run']))}
${section('processes', 'Processes', `<p id="roles" class="roles"></p>${table('processes', ['Process', 'Roles', 'Version', 'Since'])}`)}
</div>
<p class="soft" id="foot"></p>`,
  });
}

function section(id: string, title: string, body: string): string {
  return `<section class="card" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`;
}

/** It scrolls by itself where the window is narrow, also by keyboard. */
function table(id: string, heads: readonly string[]): string {
  const cells = heads.map(headCell).join('');
  return `<div class="scroll" tabindex="0" role="group" aria-labelledby="${id}-title">
<table><thead><tr>${cells}</tr></thead><tbody id="${id}"></tbody></table></div>`;
}

/** A head that ends in # stands over numbers. */
function headCell(head: string): string {
  if (head === '') return '<td></td>';
  return head.endsWith('#')
    ? `<th scope="col" class="number">${head.slice(0, -1)}</th>`
    : `<th scope="col">${head}</th>`;
}

/** The drawing is for the eye; the table below it says the same. */
function chart(id: string, title: string, heads: readonly string[]): string {
  return `<section class="card" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
<p id="${id}-sum" class="soft"></p>
<div id="${id}-chart" class="chart" aria-hidden="true"></div>
<details><summary>As a table</summary>${table(id, heads)}</details></section>`;
}
