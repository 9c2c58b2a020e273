import { escapeHtml } from '../http/page-layout.ts';

/** Where an operator can go. */
const PLACES = [
  ['overview', '/admin', 'Overview'],
  ['queues', '/admin/queues/', 'Queues'],
  ['metrics', '/metrics', 'Metrics'],
  ['health', '/health/ready', 'Health'],
] as const;

/** What these pages load, all from this service. */
export const ASSETS_PATH = '/admin/assets';

interface AdminPage {
  readonly title: string;
  /** Where it is; undefined: at none of the places. */
  readonly place?: 'overview';
  /** HTML */
  readonly body: string;
  /** Modules below ASSETS_PATH. */
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
  /** The path below which a proxy serves us. */
  readonly prefix: string;
  readonly isSandbox: boolean;
}

/** A page of the operator area. It runs no script and has no style inside its HTML. */
export function renderAdminPage(page: AdminPage): string {
  const { prefix } = page;
  const assets = `${prefix}${ASSETS_PATH}`;
  const links = PLACES.map(
    ([place, path, name]) =>
      `<li><a href="${prefix}${path}"${place === page.place ? ' aria-current="page"' : ''}>${name}</a></li>`,
  );
  const styles = ['admin.css', ...(page.styles ?? [])].map(
    (name) => `<link rel="stylesheet" href="${assets}/${name}">`,
  );
  const scripts = (page.scripts ?? []).map(
    (name) => `<script type="module" src="${assets}/${name}"></script>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.title)} · Pingui Alert</title>
<link rel="icon" href="${assets}/icon.svg" type="image/svg+xml">
${styles.join('\n')}
${scripts.join('\n')}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<p class="brand"><img src="${assets}/icon.svg" width="28" height="28" alt=""> Pingui Alert${
    page.isSandbox ? ' <span class="badge warn">SANDBOX</span>' : ''
  }</p>
<nav aria-label="Operator area"><ul>
${links.join('\n')}
${page.isSandbox ? `<li><a href="${prefix}/sandbox">Sandbox chat</a></li>` : ''}
<li><a href="${prefix}/admin/sign-out">Sign out</a></li>
</ul></nav>
</header>
<main id="main" tabindex="-1">
${page.body}
</main>
</body>
</html>
`;
}

/** The form that every page of the area has: find an alert by its id. */
export function renderSearch(prefix: string, id = ''): string {
  return `<search><form class="search" action="${prefix}/admin/alerts" method="get">
<label for="alert-id">Find an alert by its id</label>
<input id="alert-id" name="id" value="${escapeHtml(id)}" required autocomplete="off" spellcheck="false"
  autocapitalize="none" placeholder="019ab3c4-…">
<button type="submit">Find</button>
</form></search>`;
}
