import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceEnvironment } from './environment.ts';
import { makeIntegrations } from './integrations.ts';
import { type Memory, readMemory } from './memory.ts';
import { findPort, openWorkshop } from './processes.ts';
import { median } from './statistics.ts';

export interface StartRow extends Memory {
  readonly rounds: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

/** From process start to the first accepted alert, with a private Redis and a prepared data directory; in ms. */
export async function benchStart(rounds: number): Promise<StartRow> {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-start-'));
  const shop = openWorkshop();
  try {
    const database = `sqlite:${join(dir, 'pingui.db')}`;
    const { senders, db } = await makeIntegrations(database, [42]);
    await db.close();
    const times: number[] = [];
    const memories: Memory[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const began = performance.now();
      const env = serviceEnvironment({ database, dir });
      const service = await shop.start('service', ['dist/src/main.js'], env, findPort);
      const response = await fetch(`http://127.0.0.1:${service.found}/api/alert`, {
        method: 'POST',
        headers: { authorization: `Bearer ${senders[0]?.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ message: 'first' }),
      });
      if (response.status !== 202) throw new Error(`the first alert was answered ${response.status}`);
      times.push(performance.now() - began);
      memories.push(readMemory(service.pid));
      await service.end();
    }
    return {
      rounds,
      medianMs: Math.round(median(times)),
      slowestMs: Math.round(Math.max(...times)),
      memoryMb: median(memories.map((memory) => memory.memoryMb)),
      peakMemoryMb: Math.max(...memories.map((memory) => memory.peakMemoryMb)),
    };
  } finally {
    await shop.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
