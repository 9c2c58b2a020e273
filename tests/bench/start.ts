import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeIntegrations } from './integrations.ts';
import { findPort, median, openWorkshop, residentMb, SECRET } from './processes.ts';

/** From process start to the first accepted alert, with a private Redis and a prepared data directory; in ms. */
export async function benchStart(rounds: number) {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-start-'));
  const shop = openWorkshop();
  try {
    const database = `sqlite:${join(dir, 'pingui.db')}`;
    const { tokens, db } = await makeIntegrations(database, [42]);
    await db.close();
    const times: number[] = [];
    let memoryMb = 0;
    for (let round = 0; round < rounds; round += 1) {
      const began = performance.now();
      const env = {
        DATA_DIR: dir,
        JWT_SECRET: SECRET,
        BOT_TOKEN: '1:bench',
        TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
        HOST: '127.0.0.1',
        PORT: '0',
      };
      const service = await shop.start('service', ['dist/src/main.js'], env, findPort);
      const response = await fetch(`http://127.0.0.1:${service.found}/api/alert`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens[0]}`, 'content-type': 'application/json' },
        body: JSON.stringify({ message: 'first' }),
      });
      if (response.status !== 202) throw new Error(`the first alert was answered ${response.status}`);
      times.push(performance.now() - began);
      memoryMb = residentMb(service.pid);
      await service.end();
    }
    return {
      rounds,
      medianMs: Math.round(median(times)),
      slowestMs: Math.round(Math.max(...times)),
      memoryMb,
    };
  } finally {
    await shop.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
