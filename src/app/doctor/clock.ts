import http from 'node:http';
import https from 'node:https';
import type { Config } from '../../config/config.ts';
import { createAgents } from '../../telegram/agents.ts';
import { telegramAccess } from '../telegram.ts';
import { type Finding, findingsOn } from './finding.ts';

const { ok, warning, fault, skipped } = findingsOn('clock');
const LIMIT_MS = 10_000;
/** HTTP tells whole seconds, and the answer takes its time. */
const DOUBTFUL_MS = 5_000;
/** Tokens would count as not yet issued or as ended, quotas be reset at another midnight. */
const WRONG_MS = 60_000;

/** Compares the clock with the Date of an answer of the Bot API's server. @param now asked after the answer, in epoch ms */
export async function checkClock(config: Config, now: () => number): Promise<Finding[]> {
  if (config.mode.kind === 'sandbox') return [skipped('The sandbox asks nobody what time it is')];
  const date = await readDate(config).catch(() => undefined);
  if (date === undefined || Number.isNaN(date))
    return [skipped('The clock could not be compared: the Bot API told no time')];
  const off = now() - date;
  const seconds = Math.abs(Math.round(off / 1000));
  if (Math.abs(off) < DOUBTFUL_MS) return [ok('The clock agrees with the Bot API’s')];
  const text = `The clock is ${seconds} s ${off > 0 ? 'ahead' : 'behind'}`;
  const todo = 'Let it be set by NTP (timedatectl set-ntp true).';
  return [Math.abs(off) >= WRONG_MS ? fault(text, todo) : warning(text, todo)];
}

/** Epoch ms. Of a request without the token: any answer has a Date. */
function readDate(config: Config): Promise<number> {
  const access = telegramAccess(config, undefined);
  const url = new URL(access.apiRoot);
  const agent = createAgents({ ...access, timeoutMs: LIMIT_MS }, false)();
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'HEAD', agent, signal: AbortSignal.timeout(LIMIT_MS) }, (answer) => {
      answer.resume();
      resolve(Date.parse(answer.headers.date ?? ''));
    });
    asked.on('error', reject);
    asked.end();
  });
}
