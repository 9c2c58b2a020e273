import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../../src/sandbox/bot-api-double.ts';
import { provisionIntegration } from '../../support/provision.ts';
import { SOUND, startRedisProcess } from '../../support/redis-process.ts';
import type { Topology } from '../../support/redis-topologies.ts';
import { BOT_TOKEN, type LogLine, type Service, startService } from '../../support/service.ts';
import { TOPOLOGIES } from './all-topologies.ts';

const CHAT = 5_000_001;

/** Of a command that Redis did not answer in time, or of the check that ran into it; a refusal has another message. */
const tellsOfTimeOut = ({ event, reason, error }: LogLine): boolean =>
  event === 'health.changed'
    ? reason === 'timeout'
    : /\bcommand timed out\b/i.test(JSON.stringify(error ?? null));

describe.each(TOPOLOGIES)('the service on $name', ({ prefix, start }) => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  let topology: Topology;
  let service: Service;
  beforeAll(async () => {
    [topology] = await Promise.all([start(), double.start()]);
    const env = {
      REDIS_URL: topology.url,
      QUEUE_PREFIX: prefix,
      SEND_DELAY_MS: '10',
      CHAT_DELAY_MS: '0',
      RATE_LIMIT_PER_MINUTE: '1000',
    };
    service = await startService({ double, env });
  });
  afterAll(async () => {
    await service?.close();
    await double.stop();
    await topology?.stop();
  });

  it('takes its bot, an alert, a delayed one and the operator’s pages through, and stops cleanly', async () => {
    const { token } = await provisionIntegration(double, service, CHAT);
    const now = await service.api.postAlert(token, { message: 'now' });
    const later = await service.api.postAlert(token, {
      message: 'later',
      deliverAt: new Date(Date.now() + 500).toISOString(),
    });
    expect([now.status, later.status]).toEqual([202, 202]);
    for (const { body } of [now, later]) {
      expect(await service.api.waitForStatus(token, body.id, ['delivered'])).toMatchObject({ reason: null });
    }
    const kept = await service.api.postAlert(token, {
      message: 'a',
      deliverAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const board = (query: string) => service.api.operate(`/admin/queues/api/queues${query}`);
    expect((await board('?activeQueue=alerts&status=delayed&page=1&jobsPerPage=10')).text).toContain(
      kept.body.id,
    );
    expect((await board(`/alerts/${kept.body.id}`)).status).toBe(200);
    expect((await board('?activeQueue=maintenance&status=completed&page=1&jobsPerPage=10')).text).toContain(
      'upkeep',
    );
    expect((await service.api.operate('/metrics')).text).toMatch(/pingui/);
    const revoked = await service.api.call('/api/revokeIntegration', { method: 'POST', token, json: {} });
    expect(revoked.status).toBe(200);
    expect((await service.api.call('/health/ready')).body).toMatchObject({ status: 'ok' });

    expect(await service.stop()).toBe(0);
    // The revoked one. A machine that stands still is not what this is about: a command of Redis's may time out meanwhile.
    const isBad = (line: LogLine) =>
      line.level !== 'info' && line.event !== 'alert.failed' && !tellsOfTimeOut(line);
    expect(service.logs.filter(isBad)).toEqual([]);
    expect(service.stderr).toBe('');
    // Nothing was refused for want of a permission, not even something that nobody waits for.
    for (const { admin } of topology.servers) expect(await admin.call('ACL', 'LOG')).toEqual([]);
  });
});

describe('a Redis that may lose alerts', () => {
  it('is named at start, and used nevertheless', async () => {
    const double = createBotApiDouble({ token: BOT_TOKEN });
    const bad = await startRedisProcess({
      settings: { ...SOUND, 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' },
    });
    await double.start();
    const service = await startService({ double, env: { REDIS_URL: `redis://127.0.0.1:${bad.port}` } });
    try {
      const warnings = service.logs.filter(({ level }) => level === 'warn').map(({ message }) => message);
      expect(warnings).toEqual([
        expect.stringContaining('maxmemory-policy is allkeys-lru'),
        expect.stringContaining('appendonly is off'),
      ]);
      expect((await service.api.call('/health/ready')).status).toBe(200);
    } finally {
      await service.close();
      await double.stop();
      await bad.stop();
    }
  });
});
