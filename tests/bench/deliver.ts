import { randomUUID } from 'node:crypto';
import { now, openDeliverService } from './deliver-service.ts';
import type { Memory } from './memory.ts';
import { openWorkshop } from './processes.ts';
import { percentile, rounded } from './statistics.ts';

export interface DeliverRow extends Memory {
  readonly alerts: number;
  readonly chats: number;
  readonly sendDelayMs: number;
  /** From the first POST to the arrival of the last send. */
  readonly seconds: number;
  /** From the arrival of the first send to that of the last. */
  readonly perSecond: number;
  readonly smallestGapMs: number;
  readonly medianGapMs: number;
  readonly answered429: number;
}

/** Above what the sends take, in ms, before a benchmark gives up. */
const PATIENCE_MS = 60_000;

/** How long a batch takes, and what Telegram's limits say to it; each alert arrives exactly once, or it fails. */
export async function benchDeliver(options: {
  alerts: number;
  chats: number;
  sendDelayMs: number;
  /** Share of the chats that are groups, 0 to 1. */
  groups: number;
}): Promise<DeliverRow> {
  const { alerts, chats, sendDelayMs } = options;
  const shop = openWorkshop();
  try {
    const service = await openDeliverService(shop, { ...options, enforceLimits: true });
    const began = now();
    for (let index = 0; index < alerts; index += 1) {
      await service.post(index, `alert ${index} ${randomUUID()}`);
    }
    await service.finish(alerts, 2 * alerts * sendDelayMs + PATIENCE_MS);
    const times = service.sends().map((call) => call.at);
    const [first, last] = [times[0] ?? Number.NaN, times.at(-1) ?? Number.NaN];
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? Number.NaN));
    return {
      alerts,
      chats,
      sendDelayMs,
      seconds: rounded((last - began) / 1_000, 2),
      perSecond: rounded((alerts - 1) / ((last - first) / 1_000), 2),
      smallestGapMs: rounded(Math.min(...gaps), 1),
      medianGapMs: rounded(percentile(gaps, 0.5), 1),
      answered429: service.sends().filter((call) => call.status === 429).length,
      ...service.memory(),
    };
  } finally {
    await shop.close();
  }
}
