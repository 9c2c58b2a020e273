import type { JobState, QueueJobJson } from '@bull-board/api/typings/app';
import { expect, it } from 'vitest';
import { describePlainJob, type JobFace, presentableJob } from '../../../../src/admin/board/board-jobs.ts';

const JOB: QueueJobJson = {
  id: '1',
  name: 'backup',
  progress: 0,
  attemptsMade: 1,
  timestamp: 1_000,
  failedReason: '',
  stacktrace: [],
  data: {},
  returnvalue: null,
  opts: {},
};

function present(
  change: Partial<QueueJobJson>,
  state: JobState = 'failed',
  describe: (job: QueueJobJson) => JobFace = describePlainJob,
) {
  const job = {
    opts: {},
    promote: async () => undefined,
    remove: async () => undefined,
    retry: async () => undefined,
    getState: async () => state,
    toJSON: () => ({ ...JOB, ...change }),
  };
  return presentableJob(job, { state, describe });
}

it('shows no text of a job, wherever it stands', () => {
  const secret = 'a secret text';
  const job = present({
    name: secret,
    progress: { secret },
    failedReason: secret,
    stacktrace: [secret],
    data: { secret },
    returnvalue: secret,
    opts: { delay: 5, secret },
    processedBy: secret,
    parentKey: secret,
    deduplicationId: secret,
    deferredFailure: secret,
    ...{ invented: secret },
  });
  const shown = JSON.stringify(job.toJSON());
  expect(shown).not.toContain(secret);
  expect(shown).toContain('"delay":5');
});

it('shows numbers and codes', () => {
  const returnvalue = { ok: true, file: 'pingui-backup-1.db', said: 'The disk is full.' };
  expect(present({ returnvalue, failedReason: 'disk_full' }).toJSON()).toMatchObject({
    name: 'backup',
    returnvalue: { ok: true, file: 'pingui-backup-1.db', said: '(hidden)' },
    failedReason: 'disk_full',
  });
});

it('names the time at which a delayed job runs, also when it was put back', () => {
  const face = (dueAt: number | null) => (job: QueueJobJson) => ({ ...describePlainJob(job), dueAt });
  // The board adds the delay to the time of the add.
  const putBack = { timestamp: 1_000, delay: 30, processedOn: 61_000 };
  const shown = present(putBack, 'delayed', face(61_030)).toJSON();
  expect(shown).toMatchObject({ delay: 60_030, opts: { delay: 60_030 }, processedOn: null });
  expect(present(putBack, 'delayed', face(null)).toJSON().delay).toBe(0);
  expect(present({ timestamp: 1_000, delay: 500 }, 'delayed').toJSON()).toMatchObject({ delay: 500 });
});

it('calls waiting what BullMQ calls prioritized', async () => {
  expect(await present({}, 'prioritized').getState()).toBe('waiting');
  expect(await present({}, 'active').getState()).toBe('active');
});
