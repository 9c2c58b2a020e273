import { pause } from '../../../src/async/pause.ts';
import { lockDatabase, muteTelegram } from '../faults.ts';
import type { Rig } from '../rig.ts';

type Kind = 'locked' | 'refused' | 'silent' | 'flushed';

/** A trouble that was made. Times are epoch ms. */
export interface Trouble {
  readonly kind: Kind;
  readonly from: number;
  readonly until: number;
}

/** The check in health that has to tell of it; of a `FLUSHALL` none has. */
export const CHECK_OF: Readonly<Record<Kind, string | undefined>> = {
  locked: 'database',
  refused: 'telegram',
  silent: 'telegram',
  flushed: undefined,
};

/** When each begins, as a part of the whole time. */
export const ALL_TROUBLES: readonly (readonly [number, Kind])[] = [
  [0.1, 'locked'],
  [0.2, 'refused'],
  [0.42, 'flushed'],
  [0.52, 'locked'],
  [0.62, 'silent'],
];
const LOCK_MS = 5_000;
/** Health has 15 s to tell of it. */
const AWAY_MS = 30_000;

/** Epoch ms, on the clock of the sender and of Telegram's double. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Makes the troubles in turn, each at its time, and resolves after `totalMs`. */
export async function makeTroubles(rig: Rig, totalMs: number, plan: typeof ALL_TROUBLES): Promise<Trouble[]> {
  const began = now();
  const made: Trouble[] = [];
  for (const [part, kind] of plan) {
    await pause(began + part * totalMs - now());
    let from = now();
    await make(rig, kind, () => {
      from = now();
    });
    made.push({ kind, from, until: now() });
  }
  await pause(began + totalMs - now());
  return made;
}

/** @param onBegin called when it has begun, where that takes a while */
async function make(rig: Rig, kind: Kind, onBegin: () => void): Promise<void> {
  switch (kind) {
    case 'locked':
      return lockDatabase(rig, LOCK_MS, onBegin);
    case 'refused':
      await rig.double.goDown();
      await pause(AWAY_MS);
      return rig.double.comeBack();
    case 'silent':
      await muteTelegram(rig, AWAY_MS);
      return;
    case 'flushed':
      await rig.redis.admin.flushall();
  }
}
