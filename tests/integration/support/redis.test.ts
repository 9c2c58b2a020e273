import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { startTestRedis } from '../../support/redis.ts';

it('a throw-away Redis survives kill -9 with its data, freezes and thaws', async () => {
  const server = await startTestRedis();
  const client = new Redis(server.url, { commandTimeout: 300, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  try {
    await client.set('k', 'v');
    server.freeze();
    await expect(client.get('k')).rejects.toThrow('timed out');
    server.thaw();
    await server.kill9();
    await server.restart();
    const again = new Redis(server.connection);
    expect(await again.get('k')).toBe('v');
    again.disconnect();
  } finally {
    client.disconnect();
    await server.stop();
  }
});
