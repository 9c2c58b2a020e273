import * as z from 'zod';
import { Word } from '../text/values.ts';

const Person = z.object({ login: Word, name: Word }).nullish().catch(undefined);

const Commit = z.object({ id: Word, message: Word, url: Word, author: Person }).nullish().catch(undefined);

const Repository = z.object({ full_name: z.string(), default_branch: Word, html_url: Word });

const WorkflowRun = z
  .object({
    id: z.number().nullish().catch(undefined),
    name: Word,
    workflow_id: Word,
    conclusion: Word,
    head_branch: Word,
    head_sha: Word,
    head_commit: Commit,
    head_repository: z.object({ full_name: Word }).nullish().catch(undefined),
    event: Word,
    run_number: Word,
    run_attempt: Word,
    run_started_at: Word,
    html_url: Word,
    actor: Person,
  })
  .nullish()
  .catch(undefined);

const Release = z
  .object({
    tag_name: Word,
    name: Word,
    body: Word,
    html_url: Word,
    prerelease: z.boolean().nullish().catch(undefined),
    author: Person,
  })
  .nullish()
  .catch(undefined);

/** Of Dependabot, code scanning and secret scanning: each has other fields. */
const SecurityAlert = z
  .object({
    number: Word,
    html_url: Word,
    created_at: Word,
    secret_type: Word,
    secret_type_display_name: Word,
    dependency: z
      .object({
        package: z.object({ name: Word, ecosystem: Word }).nullish().catch(undefined),
        manifest_path: Word,
      })
      .nullish()
      .catch(undefined),
    security_advisory: z
      .object({ ghsa_id: Word, cve_id: Word, summary: Word, severity: Word })
      .nullish()
      .catch(undefined),
    security_vulnerability: z
      .object({
        vulnerable_version_range: Word,
        first_patched_version: z.object({ identifier: Word }).nullish().catch(undefined),
      })
      .nullish()
      .catch(undefined),
    rule: z
      .object({ id: Word, severity: Word, security_severity_level: Word, description: Word })
      .nullish()
      .catch(undefined),
    tool: z.object({ name: Word }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

/** What is read of GitHub's webhooks, whichever event it is. */
export const GithubSchema = z.object(
  {
    action: Word,
    repository: Repository.nullish().catch(undefined),
    sender: Person,
    workflow: z.object({ name: Word }).nullish().catch(undefined),
    workflow_run: WorkflowRun,
    release: Release,
    alert: SecurityAlert,
    ref: Word,
    deleted: z.boolean().nullish().catch(undefined),
    forced: z.boolean().nullish().catch(undefined),
    compare: Word,
    pusher: Person,
    commits: z.array(Commit).nullish().catch(undefined),
  },
  "Send GitHub's JSON.",
);

export type GithubEvent = z.output<typeof GithubSchema>;
export type GithubRepository = z.output<typeof Repository>;
