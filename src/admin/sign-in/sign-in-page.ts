import { escapeHtml, renderPage } from '../../http/page-layout.ts';

/** Links are relative: a proxy may serve these pages below a path of its own. `next`: the page to open afterwards. `fault`: what went wrong with the last try. */
export function renderSignIn(next: string, fault: string | undefined): string {
  const said = fault === undefined ? '' : `<p class="bad" role="alert">${escapeHtml(fault)}</p>`;
  return renderPage(
    'Sign in · Pingui Alert',
    `<h1>Pingui Alert</h1>
<p class="soft">For operators: overview, queues and metrics.</p>
<form class="card" method="post" action="sign-in">
${said}
<input type="hidden" name="next" value="${escapeHtml(next)}">
<label for="user">Name</label>
<input id="user" name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
</form>
<p class="soft"><a href="../">What is this?</a></p>`,
    'narrow',
  );
}

export function renderSignOut(): string {
  return renderPage(
    'Sign out · Pingui Alert',
    `<h1>Sign out?</h1>
<form class="card" method="post" action="sign-out">
<p>This ends the session in this browser.</p>
<button type="submit">Sign out</button>
</form>
<p class="soft"><a href="../admin">Back to the overview</a></p>`,
    'narrow',
  );
}
