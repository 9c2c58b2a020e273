import type { Reading } from '../adapter.ts';
import { labelled, line, lines } from '../text/lines.ts';
import { link, links } from '../text/link.ts';
import { since } from '../text/moment.ts';
import { severityOf } from '../text/severity.ts';
import { stableKey } from '../text/stable-key.ts';
import type { GithubEvent, GithubRepository } from './github-schema.ts';

type Alert = NonNullable<GithubEvent['alert']>;

const OPENS: ReadonlySet<string> = new Set([
  ...['created', 'reopened', 'reopened_by_user', 'reintroduced', 'auto_reopened', 'appeared_in_branch'],
]);
const ENDS: ReadonlySet<string> = new Set([
  ...['fixed', 'dismissed', 'auto_dismissed', 'closed_by_user', 'resolved', 'revoked'],
]);

/** A finding of Dependabot, code scanning or secret scanning: open until it is fixed or dismissed. */
export function readSecurityAlert(finder: string) {
  return ({ action, alert }: GithubEvent, { full_name, html_url }: GithubRepository): Reading => {
    const isEnd = ENDS.has(action ?? '');
    if (alert == null || !(isEnd || OPENS.has(action ?? '')))
      return { ignored: 'Only security alerts that open or close are reported.' };
    const severity = severityWord(finder, alert);
    const { priority, mark } = severityOf(severity);
    return {
      alerts: [
        {
          title: `${finder} · ${full_name}`,
          message: lines(
            isEnd
              ? `✅ ${action?.replaceAll('_', ' ')}`
              : `${mark} ${line(severity, action?.replaceAll('_', ' '))}`,
            what(alert),
            ...where(alert),
            since(alert.created_at),
          ),
          priority,
          links: links(link('Finding', alert.html_url) ?? link('Repository', html_url)),
          key: stableKey('github', finder, full_name, alert.number),
          ...(isEnd ? { resolve: 'if-open' as const } : {}),
        },
      ],
    };
  };
}

/** A secret that is out is always bad. */
function severityWord(finder: string, { rule, security_advisory: advisory }: Alert): string | undefined {
  if (finder === 'Secret scanning') return 'critical';
  return advisory?.severity ?? rule?.security_severity_level ?? rule?.severity ?? undefined;
}

function what({ number, rule, secret_type_display_name, secret_type, security_advisory }: Alert): string {
  const text = security_advisory?.summary ?? rule?.description ?? secret_type_display_name ?? secret_type;
  return text ?? `alert #${number ?? ''}`;
}

function where({ dependency, security_advisory: advisory, security_vulnerability: hole, tool }: Alert) {
  const { name, ecosystem } = dependency?.package ?? {};
  return [
    line(
      labelled('package', name && `${name}${ecosystem ? ` (${ecosystem})` : ''}`),
      labelled('in', dependency?.manifest_path),
    ),
    line(
      labelled('affected', hole?.vulnerable_version_range),
      labelled('fixed in', hole?.first_patched_version?.identifier),
    ),
    line(advisory?.ghsa_id, advisory?.cve_id, labelled('tool', tool?.name)),
  ];
}
