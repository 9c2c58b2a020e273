import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { ANSWER_LIMIT_MS, inTime } from '../../../src/services/in-time.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MEANING = 'Nothing was changed.';
/** What the database does after so many ms. */
const answerAfter = <T>(ms: number, what: () => T): Promise<T> =>
  new Promise((resolve, reject) =>
    setTimeout(() => {
      try {
        resolve(what());
      } catch (error) {
        reject(error);
      }
    }, ms),
  );
/** How the call ends within so many ms; `waits` if it does not. */
async function endsWithin(ms: number, call: Promise<unknown>): Promise<unknown> {
  let end: unknown = 'waits';
  call.then(
    (value) => {
      end = value;
    },
    (error: unknown) => {
      end = error;
    },
  );
  await vi.advanceTimersByTimeAsync(ms);
  return end;
}
const REFUSED = { code: 'database_unavailable', retryAfterSeconds: 5 };

it('is the 1.5 s of the contract', () => {
  expect(ANSWER_LIMIT_MS).toBe(1_500);
});

describe('an answer of the database', () => {
  it('counts after 1,499 ms, and nothing is undone', async () => {
    const undo = vi.fn(async () => undefined);
    expect(
      await endsWithin(
        1_499,
        inTime(() => answerAfter(1_499, () => 'row'), MEANING, undo),
      ),
    ).toBe('row');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(undo).not.toHaveBeenCalled();
  });

  it('is waited for until then, and no longer than 1,500 ms', async () => {
    const call = inTime(() => answerAfter(1_501, () => 'row'), MEANING);
    expect(await endsWithin(1_499, call)).toBe('waits');
    const refusal = await endsWithin(1, call);
    expect(refusal).toBeInstanceOf(AppError);
    expect(refusal).toMatchObject(REFUSED);
    expect((refusal as AppError).detail).toBe(`The database did not answer in time. ${MEANING}`);
  });

  it('is undone once, with what it was, where it comes after the refusal', async () => {
    const undone: string[] = [];
    const undo = async (late: string) => void undone.push(late);
    const call = inTime(() => answerAfter(4_000, () => 'late row'), MEANING, undo);
    expect(await endsWithin(1_500, call)).toMatchObject(REFUSED);
    await vi.advanceTimersByTimeAsync(2_499);
    expect(undone).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(undone).toEqual(['late row']);
  });

  it('that cannot be undone, or fails late, disturbs nobody', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const fail = () => {
      throw new Error('away');
    };
    const calls = [
      inTime(
        () => answerAfter(2_000, () => 'row'),
        MEANING,
        () => Promise.reject(new Error('away as well')),
      ),
      inTime(() => answerAfter(2_000, fail), MEANING),
    ];
    const ends = await Promise.all(calls.map((call) => endsWithin(1_500, call)));
    expect(ends).toMatchObject([REFUSED, REFUSED]);
    await vi.advanceTimersByTimeAsync(5_000);
    vi.useRealTimers();
    // Node tells of rejections that nobody handles after the microtasks of this turn.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('a failure of the database', () => {
  it('is told at once as database_unavailable, with its cause', async () => {
    const cause = new Error('SQLITE_FULL');
    expect(
      await endsWithin(
        0,
        inTime(() => Promise.reject(cause), MEANING),
      ),
    ).toMatchObject({
      ...REFUSED,
      cause,
    });
  });

  it('is told as it is where it is a refusal of ours', async () => {
    const ours = new AppError('not_found', 'There is none.');
    expect(
      await endsWithin(
        0,
        inTime(() => Promise.reject(ours), MEANING),
      ),
    ).toBe(ours);
  });
});
