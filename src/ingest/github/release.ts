import type { Reading } from '../adapter.ts';
import { labelled, line, lines } from '../text/lines.ts';
import { link, links } from '../text/link.ts';
import type { GithubEvent, GithubRepository } from './github-schema.ts';

/** A release that was published; drafts and edits are not told. */
export function readRelease(
  { action, release, sender }: GithubEvent,
  { full_name }: GithubRepository,
): Reading {
  if (release == null || action !== 'published') return { ignored: 'Only published releases are reported.' };
  const tag = release.tag_name ?? '';
  const name = release.name && release.name !== tag ? release.name : undefined;
  return {
    alerts: [
      {
        title: line(`${full_name} ${tag}`, name),
        message: lines(
          `🚀 ${release.prerelease === true ? 'pre-release' : 'release'} ${tag}`.trim(),
          labelled('by', release.author?.login ?? sender?.login),
          release.body,
        ),
        priority: 'normal',
        links: links(link('Release', release.html_url)),
      },
    ],
  };
}
