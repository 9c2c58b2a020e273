import { bytes, duration, element, number, time, when } from './format.js';
import { showDays, showOutcomes, showSends, showTables } from './tables.js';
import { CHECKS, REASONS, STATES } from './words.js';

const EVERY_MS = 5_000;
/** An answer later than this is none. */
const PATIENCE_MS = 8_000;
const SOURCE = new URL('../overview.json', import.meta.url);
const byId = (id) => document.getElementById(id);

/** It is read aloud when it changes, so it is set only then. */
function showState(kind, title, text) {
  const state = byId('state');
  const said = `${title} ${text}`;
  if (state.dataset.said === said) return;
  state.dataset.said = said;
  state.replaceChildren(element('span', { class: `badge ${kind}` }, title), ` ${text}`);
  document.title = `${title} · Pingui Alert`;
}

function showHealth({ health }) {
  if (health === null) return showState('bad', 'Unknown', 'The health checks did not answer.');
  const [kind, title, text] = STATES[health.status];
  const wrong = Object.entries(health.checks).filter(([, { status }]) => status !== 'ok');
  const first = wrong.map(([name, { reason }]) => `${CHECKS[name] ?? name}: ${REASONS[reason] ?? reason}`);
  showState(kind, title, first.length > 0 ? first.join(' ') : text);
  byId('checks').replaceChildren(
    ...Object.entries(health.checks).map(([name, { status, reason, ms }]) =>
      element(
        'li',
        {},
        element('span', { class: `badge ${STATES[status][0]}` }, status),
        element('span', {}, CHECKS[name] ?? name, element('span', { class: 'soft' }, ` ${ms} ms`)),
        reason && element('span', { class: 'why' }, REASONS[reason] ?? '', ' ', element('code', {}, reason)),
      ),
    ),
  );
}

function tile(name, value, note, kind) {
  return element(
    'div',
    { class: kind },
    element('dt', {}, name),
    element('dd', {}, element('div', { class: 'value' }, value), element('div', { class: 'note' }, note)),
  );
}

const UNKNOWN = ['unknown', 'no answer', 'bad'];

function pendingTile({ queue }) {
  if (queue === null) return tile('Pending alerts', ...UNKNOWN);
  const { pending, maxPending, scheduled, maxScheduled } = queue;
  const full = pending / maxPending;
  const attributes = { min: 0, max: maxPending, high: maxPending * 0.8, optimum: 0, value: pending };
  const meter = element('meter', { ...attributes, 'aria-label': 'Pending alerts against the cap' });
  const note = `of ${number(maxPending)}; scheduled ${number(scheduled)} of ${number(maxScheduled)}`;
  return tile(
    'Pending alerts',
    number(pending),
    [meter, note],
    full >= 1 ? 'bad' : full > 0.8 ? 'warn' : null,
  );
}

function oldestTile({ queue, at }) {
  if (queue === null) return tile('Oldest due alert', ...UNKNOWN);
  const { oldestSeconds, isPaused, pausedUntil } = queue;
  const waits = isPaused
    ? 'the queue is paused'
    : pausedUntil !== null && pausedUntil > at
      ? `Telegram asks to wait: ${when(pausedUntil, at)}`
      : 'could have been sent';
  if (oldestSeconds === null) return tile('Oldest due alert', 'none', isPaused ? waits : 'nothing waits');
  return tile('Oldest due alert', duration(oldestSeconds), waits, oldestSeconds > 900 ? 'bad' : null);
}

function sendsTile({ sends }) {
  if (sends === null) return tile('Sent last minute', ...UNKNOWN);
  const inHour = sends.perMinute.reduce((sum, one) => sum + one, sends.thisMinute);
  return tile('Sent last minute', number(sends.perMinute.at(-1)), `${number(inHour)} in the last hour`);
}

function incidentsTile({ incidents }) {
  if (incidents === null) return tile('Open incidents', ...UNKNOWN);
  const { open, acknowledged } = incidents;
  return tile('Open incidents', number(open + acknowledged), `${number(acknowledged)} acknowledged`);
}

function backupTile({ backup, at }) {
  if (backup === null) return tile('Last backup', ...UNKNOWN);
  if (backup.isDatabases === true)
    return tile('Last backup', 'the database’s', 'PostgreSQL’s own: there is no pg_dump here');
  if (backup.at === null) return tile('Last backup', 'none', 'the first one is written at 03:00');
  const isOld = at - backup.at > 26 * 3_600_000;
  const size = backup.bytes === null ? 'size unknown' : bytes(backup.bytes);
  return tile('Last backup', time(backup.at, at), size, isOld ? 'warn' : null);
}

function show(overview) {
  showHealth(overview);
  byId('tiles').replaceChildren(
    ...[pendingTile, oldestTile, sendsTile, incidentsTile, backupTile].map((make) => make(overview)),
  );
  for (const part of [showOutcomes, showSends, showDays, showTables]) part(overview);
  byId('foot').textContent =
    `Version ${overview.version}. Days are those of ${overview.timeZone}. This page asks again every ${EVERY_MS / 1000} s.`;
}

/** What the service says, or undefined where it does not. */
async function ask() {
  try {
    const answer = await fetch(SOURCE, { signal: AbortSignal.timeout(PATIENCE_MS) });
    // The session has ended: the sign-in page leads back here.
    if (answer.status === 401) location.reload();
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

async function look() {
  const overview = await ask();
  if (overview !== undefined) show(overview);
  else showState('bad', 'No answer', 'This service does not answer. What is below is what it said last.');
}

async function watch() {
  for (;;) {
    if (!document.hidden) await look();
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void look();
});
void watch();
