import type { Queue } from 'bullmq';

/** When each scheduled job runs next (epoch ms), by its name; one without a schedule is left out. */
export function createNextRuns(maintenance: Queue): () => Promise<Readonly<Record<string, number>>> {
  return async () => {
    const schedulers = await maintenance.getJobSchedulers();
    return Object.fromEntries(
      schedulers.flatMap(({ key, next }) => (next === undefined ? [] : [[key, Number(next)] as const])),
    );
  };
}
