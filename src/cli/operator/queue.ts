import type { Beside } from '../../app/beside.ts';
import { withCore } from '../beside.ts';
import type { CommandDeps, Report, Run } from '../command.ts';
import { isoTime, properties, time } from '../table.ts';

export const showQueue: Run = (_call, deps) =>
  withQueue(deps, async ({ core }) => {
    const { maxPending, maxScheduled } = deps.setUp().config.queue;
    const [counts, motion, workers] = await Promise.all([
      core.queue.counts(),
      core.motion(),
      core.alertJobs.getWorkersCount(),
    ]);
    const now = deps.clock.now();
    const oldestMs = motion.oldestAt === null ? null : Math.max(0, now - motion.oldestAt);
    return {
      lines: properties([
        ['pending', `${counts.pending} of ${maxPending}`],
        ['scheduled', `${counts.scheduled} of ${maxScheduled}`],
        ['being sent', counts.active],
        ['oldest waits', oldestMs === null ? null : `${Math.round(oldestMs / 1000)} s`],
        ['last send', time(motion.lastSentAt)],
        ['workers', workers],
        ['paused', motion.isPaused ? 'yes, by an operator: `queue resume`' : 'no'],
        [
          'flood wait',
          motion.pausedUntil === null ? 'no' : `of the whole bot, until ${time(motion.pausedUntil)}`,
        ],
        ['kept on the board', counts.completed + counts.failed],
      ]),
      json: {
        ...counts,
        ...{ maxPending, maxScheduled, workers, paused: motion.isPaused },
        floodWaitUntil: isoTime(motion.pausedUntil),
        lastSentAt: isoTime(motion.lastSentAt),
        oldestSeconds: oldestMs === null ? null : oldestMs / 1000,
      },
    };
  });

export const pauseQueue: Run = (_call, deps) =>
  withQueue(deps, async ({ core }) => {
    await core.alertJobs.pause();
    return said('The queue is paused: alerts are still accepted, and wait. `queue resume` goes on.', true);
  });

/** As on the board: who resumes the queue means that Telegram may be asked again, too. */
export const resumeQueue: Run = (_call, deps) =>
  withQueue(deps, async ({ core }) => {
    await core.alertJobs.resume();
    await core.liftFloodWait();
    return said('The queue goes on.', false);
  });

const said = (line: string, paused: boolean): Report => ({ lines: [line], json: { paused } });

function withQueue(deps: CommandDeps, work: (beside: Beside) => Promise<Report>): Promise<Report> {
  return withCore(deps, async (beside) => {
    await beside.requireQueue();
    return work(beside);
  });
}
