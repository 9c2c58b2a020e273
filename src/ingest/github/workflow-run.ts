import type { Reading } from '../adapter.ts';
import { labelled, line, lines, short } from '../text/lines.ts';
import { link, links } from '../text/link.ts';
import { since } from '../text/moment.ts';
import { stableKey } from '../text/stable-key.ts';
import type { Filters } from './filters.ts';
import type { GithubEvent, GithubRepository } from './github-schema.ts';

/** Conclusions that somebody has to look at, and how they read. */
const FAILED: Readonly<Record<string, string>> = {
  failure: 'failed',
  timed_out: 'timed out',
  startup_failure: 'could not start',
};

/** A failure opens, a later success of the same workflow on the same branch resolves. */
export function readWorkflowRun(
  { action, workflow_run: run, workflow, sender }: GithubEvent,
  repository: GithubRepository,
  filters: Filters,
): Reading {
  const conclusion = run?.conclusion ?? '';
  const isSuccess = conclusion === 'success';
  const verb = Object.hasOwn(FAILED, conclusion) ? FAILED[conclusion] : undefined;
  if (run == null || action !== 'completed' || (verb === undefined && !isSuccess))
    return { ignored: 'Only runs that failed, or succeeded after that, are reported.' };
  const branch = run.head_branch ?? '';
  if (!filters.takesBranch(branch, true)) return { ignored: 'This branch is left out.' };
  const name = workflow?.name || run.name || 'Workflow';
  // A fork's branch may have the same name.
  const source = run.head_repository?.full_name ?? repository.full_name;
  const commit = run.head_commit?.message?.split('\n')[0];
  const attempt = Number(run.run_attempt ?? 1) > 1 ? `attempt ${run.run_attempt}` : undefined;
  return {
    alerts: [
      {
        title: `${name} · ${repository.full_name}`,
        message: lines(
          `${isSuccess ? '✅' : '🔴'} ${verb ?? 'succeeded'} on ${branch || 'no branch'}`,
          commit === undefined
            ? undefined
            : `${(run.head_sha ?? '').slice(0, 7)} ${short(commit, 200)}`.trim(),
          line(
            labelled('by', run.actor?.login ?? sender?.login),
            labelled('on', run.event),
            run.run_number == null ? undefined : `run #${run.run_number}`,
            attempt,
          ),
          since(run.run_started_at),
        ),
        priority: 'normal',
        links: links(link('Run', run.html_url)),
        key: stableKey('github', 'workflow', repository.full_name, run.workflow_id ?? name, source, branch),
        ...(isSuccess ? { resolve: 'if-open' as const } : {}),
      },
    ],
  };
}
