import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { JobCounts, JobState, JobStatus, Status } from '@bull-board/api/typings/app';
import type { Job, Queue } from 'bullmq';
import { shownState } from './board-jobs.ts';

/** The base class takes `allowCompletedRetries` too, but BullMQAdapter does not declare it. */
type Options = NonNullable<ConstructorParameters<typeof BullMQAdapter>[1]> & {
  allowCompletedRetries?: boolean;
};
type Scheduler = Awaited<ReturnType<BullMQAdapter['getJobSchedulers']>>[number];

export interface FoundJob {
  readonly job: Job;
  readonly state: JobState;
}
/** Makes jobs fit to be seen, in their order. */
export type PresentJobs = (found: readonly FoundJob[]) => Promise<Job[]>;

/** The board's tabs, in the order of an alert's life. There are no flows here, so no children to wait for. */
const TABS: readonly JobStatus[] = ['active', 'waiting', 'delayed', 'failed', 'completed'];
/** What is next stands first; of what has ended, the newest. */
const NEXT_FIRST: ReadonlySet<JobStatus> = new Set(['waiting', 'prioritized', 'delayed']);

/**
 * The board's view of a queue. A class, because the board only takes subclasses as adapters. It cleans what it hands
 * out at the source, so that no route of the board, present or future, has the raw job to show.
 *
 * BullMQ keeps jobs with a priority apart ("prioritized"), which all alerts have: "waiting" here is both.
 */
export class BoardQueueAdapter extends BullMQAdapter {
  readonly #queue: Queue;
  readonly #present: PresentJobs;
  readonly #onResume: (() => Promise<void>) | undefined;

  constructor(queue: Queue, options: Options, present: PresentJobs, onResume?: () => Promise<void>) {
    super(queue, options);
    this.#queue = queue;
    this.#present = present;
    this.#onResume = onResume;
  }

  override getStatuses(): Status[] {
    return ['latest', ...TABS];
  }

  override getJobStatuses(): JobStatus[] {
    return [...TABS];
  }

  override async getJobCounts(): Promise<JobCounts> {
    const counts = await super.getJobCounts();
    const { waiting = 0, prioritized = 0 } = counts;
    return { ...counts, waiting: waiting + prioritized, prioritized: 0 };
  }

  override async getJob(id: string): Promise<Job | undefined> {
    // The declared type has no null, but BullMQ's look-up of an unknown id may give one.
    const job = (await super.getJob(id)) ?? undefined;
    if (job === undefined) return undefined;
    const [shown] = await this.#present([{ job, state: shownState(await job.getState()) }]);
    return shown;
  }

  /** `end` is included; negative: all. */
  override async getJobs(statuses: JobStatus[], start = 0, end = -1): Promise<Job[]> {
    const last = end < 0 ? Number.MAX_SAFE_INTEGER : end;
    const found = await Promise.all(
      statuses.map(async (status): Promise<[string, FoundJob][]> => {
        const jobs = await (status === 'waiting'
          ? this.#findWaiting(start, last)
          : this.#find(status, start, last));
        return jobs.map((job) => [String(job.id), { job, state: shownState(status as JobState) }]);
      }),
    );
    // One that moves on between these reads is in two of them.
    return this.#present([...new Map(found.flat()).values()]);
  }

  /** As BullMQ takes them: first what has no priority, which only a job has that was given back. */
  async #findWaiting(start: number, last: number): Promise<Job[]> {
    const plain = await this.#queue.getWaitingCount();
    const [first, rest] = await Promise.all([
      start < plain ? this.#find('waiting', start, Math.min(last, plain - 1)) : [],
      last >= plain ? this.#find('prioritized', Math.max(0, start - plain), last - plain) : [],
    ]);
    return [...first, ...rest];
  }

  async #find(status: JobStatus, start: number, last: number): Promise<Job[]> {
    return this.#queue.getJobs([status as never], start, last, NEXT_FIRST.has(status));
  }

  override async resume(): Promise<void> {
    await super.resume();
    await this.#onResume?.();
  }

  /** Lines of a log are free text: ours are in the service's log. */
  override async getJobLogs(): Promise<string[]> {
    return [];
  }

  override async getJobSchedulers(): Promise<Scheduler[]> {
    return (await super.getJobSchedulers()).map(({ template: _, ...scheduler }) => scheduler);
  }

  /** There are no flows, and what would read them reads jobs by itself. */
  override async getFlowProducer(): Promise<null> {
    return null;
  }

  /** Hides the menu's entry; the limit is Telegram's, see board-policy.ts. */
  override get supportsGlobalRateLimit(): boolean {
    return false;
  }
}
