import { Redis } from 'ioredis';
import type { RedisEndpoint } from './redis-endpoint.ts';

type Probe =
  | { readonly state: 'ready'; readonly pid: number; readonly dir: string }
  | { readonly state: 'loading' }
  | { readonly state: 'silent' };

const ANSWER_MS = 2_000;

/** Asks once who is there, and takes no longer than two seconds. Never rejects. */
export async function probeRedis(endpoint: RedisEndpoint): Promise<Probe> {
  const client = new Redis({
    ...endpoint,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {}); // the commands reject, too
  try {
    await client.connect();
    await client.ping();
    const dir = (await client.config('GET', 'dir')) as string[];
    const pid = /process_id:(\d+)/.exec(await client.info('server'))?.[1];
    return { state: 'ready', pid: Number(pid), dir: dir[1] ?? '' };
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    return { state: /LOADING/.test(text) ? 'loading' : 'silent' };
  } finally {
    client.disconnect();
  }
}

/**
 * Waits for PONG; an AOF that is still being loaded may take its time.
 * @param hasEnded tells that the process died, so that waiting is vain
 * @throws Error when it ended or did not answer within `deadlineMs` (loading not counted)
 */
export async function waitUntilReady(
  endpoint: RedisEndpoint,
  hasEnded: () => boolean,
  deadlineMs: number,
): Promise<Extract<Probe, { state: 'ready' }>> {
  let end = performance.now() + deadlineMs;
  for (;;) {
    const probe = await probeRedis(endpoint);
    if (probe.state === 'ready') return probe;
    if (probe.state === 'loading') end = performance.now() + deadlineMs;
    if (hasEnded()) throw new Error('redis-server ended while starting');
    if (performance.now() > end) throw new Error(`redis-server did not answer within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
