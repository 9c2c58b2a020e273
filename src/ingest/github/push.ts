import type { Reading } from '../adapter.ts';
import { lines, short } from '../text/lines.ts';
import { link, links } from '../text/link.ts';
import type { Filters } from './filters.ts';
import type { GithubEvent, GithubRepository } from './github-schema.ts';

const BRANCH = 'refs/heads/';
/** Commits that are listed. */
const MOST_COMMITS = 10;

/** Commits on the default branch, or on the branches that were chosen; quietly, because nothing is broken. */
export function readPush(
  { ref, deleted, forced, commits, compare, pusher, sender }: GithubEvent,
  { full_name, default_branch, html_url }: GithubRepository,
  filters: Filters,
): Reading {
  const branch = ref?.startsWith(BRANCH) ? ref.slice(BRANCH.length) : undefined;
  if (branch === undefined || deleted === true) return { ignored: 'Only pushes to a branch are reported.' };
  if (!filters.takesBranch(branch, branch === default_branch)) return { ignored: 'This branch is left out.' };
  const made = (commits ?? []).flatMap((commit) => (commit == null ? [] : [commit]));
  const more = made.length - MOST_COMMITS;
  const who = pusher?.name ?? sender?.login ?? 'Somebody';
  const what = made.length === 1 ? '1 commit' : `${made.length} commits`;
  return {
    alerts: [
      {
        title: `${full_name} · ${branch}`,
        message: lines(
          `${who} ${forced === true ? 'force-pushed' : 'pushed'} ${what}`,
          ...made
            .slice(0, MOST_COMMITS)
            .map(
              ({ id, message }) => `• ${(id ?? '').slice(0, 7)} ${short(message?.split('\n')[0] ?? '', 200)}`,
            ),
          more > 0 && `… and ${more} more`,
        ),
        priority: 'low',
        links: links(link('Changes', compare), link('Repository', html_url)).slice(0, 1),
      },
    ],
  };
}
