import { renderPage } from '../../http/page-layout.ts';

export interface HomeOptions {
  /** The sandbox's chat page is there. */
  readonly sandbox: boolean;
  /** The operator pages are there. */
  readonly operators: boolean;
}

interface Place {
  readonly path: string;
  readonly name: string;
  readonly what: string;
}

/** The first page that a newcomer sees. No secrets, no hosts. `prefix`: a proxy's path. */
export function renderHome(options: HomeOptions, prefix: string): string {
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
<li>Exchange that setup token, once, for your integration's token. <code>$PINGUI</code> is the address of this page, without the trailing slash.</li>
</ol>
<pre>curl -X POST "$PINGUI/api/createIntegration" \\
  -H "Authorization: Bearer $SETUP_TOKEN"</pre>
<ol start="3"><li>Send an alert with that token:</li></ol>
<pre>curl "$PINGUI/api/alert" \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"title": "Backup failed", "message": "The disk is full."}'</pre>
<p class="soft">202 means that the alert is safely queued. <code>GET /api/alerts/&lt;id&gt;</code> tells you what became of it.
The README describes every field and response.</p>
<h2>Where to go</h2>
<ul class="links">
${links}
</ul>`,
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
    ...(operators
      ? [{ path: '/admin/queues/', name: 'Queues', what: 'For operators: alerts and jobs.' }]
      : []),
    ...(operators
      ? [{ path: '/metrics', name: 'Metrics', what: 'For operators: in Prometheus format.' }]
      : []),
    { path: '/health/ready', name: 'Health', what: 'Can alerts be accepted and delivered right now?' },
  ];
}
