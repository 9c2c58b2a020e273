import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { Job, Queue } from 'bullmq';
import { presentableJob } from './board-jobs.ts';

/** The base class takes `allowCompletedRetries` too, but BullMQAdapter does not declare it. */
type Options = NonNullable<ConstructorParameters<typeof BullMQAdapter>[1]> & {
  allowCompletedRetries?: boolean;
};
type Scheduler = Awaited<ReturnType<BullMQAdapter['getJobSchedulers']>>[number];

/**
 * The board's view of a queue. A class, since the board takes adapters only as subclasses. It cleans what it hands out
 * at the source, so that no route of the board, present or future, has the raw job to show.
 */
export class BoardQueueAdapter extends BullMQAdapter {
  readonly #present: (job: Job) => Job;

  constructor(
    queue: Queue,
    options: Options,
    job: { describeData: (data: unknown) => unknown; resend?: (id: string) => Promise<unknown> },
  ) {
    super(queue, options);
    this.#present = (raw) => presentableJob(raw, job.describeData, job.resend);
  }

  override async getJob(id: string): Promise<Job | undefined> {
    // The declared type has no null, but BullMQ's look-up of an unknown id may give one.
    const job = (await super.getJob(id)) ?? undefined;
    return job === undefined ? undefined : this.#present(job);
  }

  override async getJobs(...args: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    return (await super.getJobs(...args)).map((job) => this.#present(job));
  }

  /** Lines of a log are free text: ours are in the service's log. */
  override async getJobLogs(): Promise<string[]> {
    return [];
  }

  override async getJobSchedulers(): Promise<Scheduler[]> {
    return (await super.getJobSchedulers()).map(({ template: _, ...scheduler }) => scheduler);
  }

  /** Hides the menu's entry; the limit is Telegram's, see board-policy.ts. */
  override get supportsGlobalRateLimit(): boolean {
    return false;
  }
}
