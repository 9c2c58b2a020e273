import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { findProgram } from '../../src/redis/private/find-redis-server.ts';
import { freePort } from './free-port.ts';

const PROGRAM = 'prometheus-alertmanager';

/** The Debian package's program; undefined where it is not installed. */
export const hasAlertmanager = findProgram(PROGRAM, process.env) !== undefined;

export interface Alertmanager {
  /** Fires the alerts, or ends those with `endsAt`. */
  post(alerts: readonly object[]): Promise<void>;
  /** The sum of a counter over its webhooks. */
  count(metric: string): Promise<number>;
  stop(): Promise<void>;
}

/** @param receivers YAML, the one named `pingui` among them @param pace YAML of the route's times */
export async function startAlertmanager(receivers: string, pace: string): Promise<Alertmanager> {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-alertmanager-'));
  const file = join(dir, 'alertmanager.yml');
  writeFileSync(file, `route: { receiver: pingui, group_by: [alertname], ${pace} }\n${receivers}`);
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${file}`, `--storage.path=${join(dir, 'data')}`];
  const child = spawn(PROGRAM, [...args, `--web.listen-address=${address}`, '--cluster.listen-address='], {
    stdio: 'ignore',
  });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  const url = `http://${address}`;
  await vi.waitFor(async () => (await fetch(`${url}/-/ready`)).text(), { timeout: 20_000, interval: 50 });
  return {
    async post(alerts) {
      const res = await fetch(`${url}/api/v2/alerts`, {
        ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(alerts) },
      });
      if (res.status !== 200) throw new Error(`Alertmanager: ${res.status} ${await res.text()}`);
    },
    async count(metric) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text
        .split('\n')
        .filter((line) => line.startsWith(`${metric}{`) && line.includes('webhook'));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async stop() {
      process.off('exit', end);
      if (child.exitCode === null) {
        const gone = once(child, 'exit');
        end();
        await gone;
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
