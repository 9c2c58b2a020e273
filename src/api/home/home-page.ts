import { renderPage } from '../../http/page-layout.ts';

export interface HomeOptions {
  /** The sandbox's chat page is there. */
  readonly sandbox: boolean;
  /** The operator pages are there. */
  readonly operators: boolean;
}

/** The copy buttons' script, beside the page. */
export const HOME_SCRIPT = 'copy.js';

interface Place {
  readonly path: string;
  readonly name: string;
  readonly what: string;
}

/**
 * The first page that a newcomer sees. No secrets.
 * @param at where they reached it: its address and a proxy's path, without a trailing slash, safe in HTML and shell
 */
export function renderHome(
  options: HomeOptions,
  { address, prefix }: { readonly address: string; readonly prefix: string },
): string {
  const links = places(options)
    .map(({ path, name, what }) => `<li><a href="${prefix}${path}"><b>${name}</b>${what}</a></li>`)
    .join('\n');
  const bot = options.sandbox
    ? `Open the <a href="${prefix}/sandbox">sandbox chat</a> and send <code>/start</code>, then <code>/token</code>.`
    : 'Open the bot in Telegram and send <code>/start</code>, then <code>/token</code>. In a group, add the bot first.';
  return renderPage(
    'Pingui Alert',
    `<h1>Pingui Alert</h1>
<p>Any program that can make an HTTP request can reach a Telegram chat.</p>
${options.sandbox ? '<p class="card"><b>Sandbox.</b> No bot token is set: a page of this service stands in for Telegram, and nothing leaves this machine.</p>' : ''}
<h2>Send your first alert</h2>
<ol>
<li>${bot}</li>
<li>The bot's answer contains a setup token. Exchange it, once, for your integration's token. The answer also has this command, with the token filled in:</li>
</ol>
<pre>SETUP_TOKEN='paste the setup token here'
curl -X POST '${address}/api/createIntegration' \\
  -H "Authorization: Bearer $SETUP_TOKEN"</pre>
<ol start="3"><li>Send an alert with the <code>token</code> that this gives you:</li></ol>
<pre>TOKEN='paste the token here'
curl '${address}/api/alert' \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"title": "Backup failed", "message": "The disk is full."}'</pre>
<p class="soft">202 means that the alert is safely queued. <code>GET /api/alerts/&lt;id&gt;</code> tells you what became of it.
<a href="${prefix}/docs">The reference</a> has every call, field and answer.</p>
<h2>Where to go</h2>
<ul class="links">
${links}
</ul>
<script src="${prefix}/${HOME_SCRIPT}" type="module"></script>`,
    'wide',
  );
}

/** The same for programs. */
export function presentHome(options: HomeOptions): Record<string, unknown> {
  return {
    name: 'Pingui Alert',
    description: 'Any program that can make an HTTP request can reach a Telegram chat.',
    send: 'POST /api/alert with "Authorization: Bearer <token>" and {"message": "…"}',
    places: Object.fromEntries(places(options).map(({ path, what }) => [path, what])),
  };
}

function places({ sandbox, operators }: HomeOptions): Place[] {
  return [
    ...(sandbox
      ? [{ path: '/sandbox', name: 'Sandbox chat', what: 'Talk to the bot and see alerts arrive.' }]
      : []),
    ...(operators ? [{ path: '/admin', name: 'Operators', what: 'The overview, the board, metrics.' }] : []),
    ...(operators
      ? [{ path: '/metrics', name: 'Metrics', what: 'For operators: in Prometheus format.' }]
      : []),
    { path: '/health/ready', name: 'Health', what: 'Can alerts be accepted and delivered right now?' },
  ];
}
