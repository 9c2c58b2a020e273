import { pause } from '../async/pause.ts';
import type { AlertPriority } from '../domain/alert.ts';

/** Between two of its alerts, in ms: 50 of them take six seconds. */
const EVERY_MS = 120;

/** An alert of the storm, as a sender would write it. */
export interface StormAlert {
  readonly key?: string;
  readonly title: string;
  readonly message: string;
  readonly priority: AlertPriority;
  readonly resolve?: true;
  /** Nobody has to take it. */
  readonly acknowledge?: false;
}

export interface Storm {
  /**
   * Sends 50 alerts into the chat, as in a bad minute. Resolves once the first one is accepted; the others follow. False: a
   * storm is under way. @throws what refuses the first one
   */
  start(chatId: number): Promise<boolean>;
  stop(): void;
}

/** 50 alerts about two problems that repeat themselves, one of which ends, and two single events. */
export function stormAlerts(): readonly StormAlert[] {
  const disk = Array.from({ length: 30 }, (_, n): StormAlert => {
    const message = `Disk ${70 + n} % full`;
    return { key: 'storm: disk', title: 'db1', message, priority: n < 29 ? 'normal' : 'high' };
  });
  const slow = Array.from({ length: 17 }, (_, n): StormAlert => {
    const message = `An answer takes ${(2.3 + n / 10).toFixed(1)} s`;
    return { key: 'storm: api', title: 'api is slow', message, priority: 'normal' };
  });
  const mixed = disk.flatMap((one, n) => [one, ...(n % 2 === 0 && slow[n / 2] ? [slow[n / 2]] : [])]);
  const alerts = mixed.filter((one): one is StormAlert => one !== undefined);
  alerts.push(...slow.slice(15));
  alerts.splice(8, 0, {
    title: 'Backup',
    message: 'The copy of last night failed: no space left',
    priority: 'normal',
  });
  alerts.splice(20, 0, {
    title: 'Deploy',
    message: 'web 2.4.1 is live',
    priority: 'low',
    acknowledge: false,
  });
  const { key = '' } = slow[0] ?? {};
  return [...alerts, { key, title: 'api is slow', message: 'Fast again', priority: 'normal', resolve: true }];
}

/** @param deps.send takes one alert in, for an integration of the chat's */
export function createStorm(deps: { send(chatId: number, alert: StormAlert): Promise<unknown> }): Storm {
  const stopping = new AbortController();
  let isUnderWay = false;

  async function goOn(chatId: number, alerts: readonly StormAlert[]): Promise<void> {
    for (const alert of alerts) {
      await pause(EVERY_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      // What is refused reads like any refusal: in the log.
      await deps.send(chatId, alert).catch(() => undefined);
    }
  }

  return {
    async start(chatId) {
      if (isUnderWay) return false;
      isUnderWay = true;
      const [first, ...others] = stormAlerts();
      try {
        if (first !== undefined) await deps.send(chatId, first);
      } catch (error) {
        isUnderWay = false;
        throw error;
      }
      void goOn(chatId, others).finally(() => {
        isUnderWay = false;
      });
      return true;
    },
    stop: () => stopping.abort(),
  };
}
