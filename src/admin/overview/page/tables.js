import { drawBars } from './charts.js';
import { cell, element, fill, number, numberCell, rowHead, time } from './format.js';

const byId = (id) => document.getElementById(id);

/** A row of both spans, and a row for each reason below it. */
function outcomeRows(name, day, month, of) {
  const total = (counts) => Object.values(counts).reduce((sum, one) => sum + one, 0);
  const [last, thirty] = [of(day), of(month)];
  if (typeof last === 'number')
    return [element('tr', {}, rowHead(name), numberCell(last), numberCell(thirty))];
  const reasons = [...new Set([...Object.keys(last), ...Object.keys(thirty)])].sort(
    (a, b) => (thirty[b] ?? 0) - (thirty[a] ?? 0),
  );
  return [
    element('tr', {}, rowHead(name), numberCell(total(last)), numberCell(total(thirty))),
    ...reasons.map((reason) =>
      element(
        'tr',
        { class: 'sub' },
        rowHead(element('code', {}, reason || 'no reason')),
        numberCell(last[reason] ?? 0),
        numberCell(thirty[reason] ?? 0),
      ),
    ),
  ];
}

export function showOutcomes({ day, month }) {
  if (day === null || month === null) return fill('outcomes', [], 'Unknown: the database did not answer.');
  const rows = [
    ['Accepted', ({ accepted }) => accepted],
    ['… of which folded', ({ folded }) => folded],
    ['Delivered', ({ delivered }) => delivered],
    ['Failed', ({ failed }) => failed],
    ['Uncertain', ({ uncertain }) => uncertain],
    ['Expired', ({ expired }) => expired],
    ['Refused', ({ refused }) => refused],
  ];
  fill(
    'outcomes',
    rows.flatMap(([name, of]) => outcomeRows(name, day, month, of)),
    '',
  );
}

export function showSends({ sends }) {
  if (sends === null) {
    byId('sends-sum').textContent = 'Unknown: the database did not answer.';
    return;
  }
  // With the minute under way, as in the tile.
  const minutes = [...sends.perMinute, sends.thisMinute];
  byId('sends-sum').textContent =
    `${number(minutes.reduce((sum, one) => sum + one, 0))} in all, at most ${number(Math.max(...minutes))} in a minute.`;
  const times = minutes.map((_, minute) => sends.from / 1000 + minute * 60);
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
  drawBars('sends', {
    times,
    form: clock,
    series: [{ label: 'Sent', color: '--bar', values: minutes }],
  });
  const rows = times.map((at, minute) => [clock.format(at * 1000), minutes[minute]]).reverse();
  fill(
    'sends',
    rows.map(([minute, count]) => element('tr', {}, rowHead(minute), numberCell(count))),
    '',
  );
}

export function showDays({ month }) {
  byId('days-sum').textContent =
    month === null
      ? 'Unknown: the database did not answer.'
      : `${number(month.accepted)} accepted, ${number(month.delivered)} delivered.`;
  if (month === null) return;
  const bad = ({ failed, uncertain, expired }) => failed + uncertain + expired;
  drawBars('days', {
    form: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }),
    // A day is a day, wherever the reader is.
    times: month.days.map(({ date }) => new Date(`${date}T00:00`).getTime() / 1000),
    series: [
      { label: 'Delivered', color: '--bar', values: month.days.map(({ delivered }) => delivered) },
      { label: 'Failed, uncertain, expired', color: '--bar-bad', values: month.days.map(bad) },
      { label: 'Refused', color: '--bar-refused', values: month.days.map(({ refused }) => refused) },
    ],
  });
  const rows = month.days.map((day) =>
    element('tr', {}, rowHead(day.date), ...[day.delivered, bad(day), day.refused].map(numberCell)),
  );
  fill('days', rows.reverse(), '');
}

const whose = ({ integration, integrationId, chat }) => [
  rowHead(integration === null ? `#${integrationId} (gone)` : integration || `#${integrationId}`),
  cell(chat === null ? '' : element('code', {}, chat)),
];

export function showTables({ incidents, quotaHits, jobs, processes, at }) {
  const incidentRow = (one) =>
    element(
      'tr',
      {},
      ...whose(one),
      cell(one.state),
      numberCell(one.count),
      cell(time(one.openedAt, at)),
      cell(time(one.lastAt, at)),
    );
  fill('incidents', (incidents?.newest ?? []).map(incidentRow), incidents === null ? 'Unknown.' : 'None.');
  const hitRow = (one) => element('tr', {}, ...whose(one), numberCell(one.today), numberCell(one.inMonth));
  fill('hits', (quotaHits ?? []).map(hitRow), quotaHits === null ? 'Unknown.' : 'None.');
  const result = { ok: ['ok', 'ok'], failed: ['bad', 'failed'] };
  const jobRow = ({ job, lastAt, result: end, nextAt }) => {
    const [kind, said] = result[end] ?? ['', 'never ran'];
    const times = [lastAt, nextAt].map((one) => cell(one === null ? '–' : time(one, at)));
    return element(
      'tr',
      {},
      rowHead(job),
      times[0],
      cell(element('span', { class: `badge ${kind}` }, said)),
      times[1],
    );
  };
  fill('jobs', (jobs ?? []).map(jobRow), 'Unknown.');
  const processRow = ({ id, roles, version, startedAt }) =>
    element(
      'tr',
      {},
      rowHead(element('code', {}, id)),
      cell(roles.join(', ')),
      cell(version),
      cell(time(startedAt, at)),
    );
  fill('processes', (processes ?? []).map(processRow), processes === null ? 'Unknown.' : 'None.');
  const roles = ['api', 'worker', 'bot', 'scheduler'].map((role) => {
    const count = (processes ?? []).filter((one) => one.roles.includes(role)).length;
    return element(
      'span',
      { class: `badge ${count > 0 ? 'ok' : 'bad'}` },
      `${role} ${processes === null ? '?' : count}`,
    );
  });
  byId('roles').replaceChildren(...roles);
}
