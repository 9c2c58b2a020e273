import { now, openDeliverService } from './deliver-service.ts';
import type { Memory } from './memory.ts';
import { openWorkshop, waitUntil } from './processes.ts';
import { percentile, rounded } from './statistics.ts';

/** Milliseconds. */
export interface EndToEndRow extends Memory {
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
}

/** One chat gets one alert a second at most: with 20 ms between the samples each chat's turn is later than that. */
const CHATS = 60;
const PAUSE_MS = 20;
/** The first ones warm the service up. */
const WARM_UP = 20;
/** An alert that takes longer is lost, in ms. */
const LOST_MS = 10_000;

/** From the POST to the call's arrival at the double, one alert at a time on an idle service. */
export async function benchEndToEnd(alerts: number): Promise<EndToEndRow> {
  const shop = openWorkshop();
  try {
    const service = await openDeliverService(shop, {
      chats: CHATS,
      sendDelayMs: 1,
      groups: 0,
      enforceLimits: false,
    });
    const latencies: number[] = [];
    for (let index = 0; index < alerts; index += 1) {
      const text = `latency ${index}`;
      const posted = now();
      await service.post(index, text);
      const call = () => service.sends().find((one) => one.payload.text === text);
      await waitUntil(text, LOST_MS, () => call() !== undefined);
      if (index >= WARM_UP) latencies.push((call()?.at ?? Number.NaN) - posted);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await service.finish(alerts, LOST_MS);
    return {
      samples: latencies.length,
      p50: rounded(percentile(latencies, 0.5), 1),
      p99: rounded(percentile(latencies, 0.99), 1),
      ...service.memory(),
    };
  } finally {
    await shop.close();
  }
}
