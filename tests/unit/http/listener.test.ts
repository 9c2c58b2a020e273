import { Agent, request, type ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { preferredWait } from '../../../src/api/alerts/prefer.ts';
import { createHttpListener } from '../../../src/http/listener.ts';
import { createWaits } from '../../../src/http/waits.ts';
import { bodyOf, startApi } from '../../support/api-fixture.ts';

describe('closing', () => {
  it('ends long waits at once, with the entry as it is', async () => {
    const fixture = await startApi();
    const { token } = fixture.grant();
    const { id } = await bodyOf(await fixture.call('/api/alert', { token, json: { message: 'x' } }));
    const pending = fixture.call(`/api/alerts/${id}?wait=60`, { token });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = Date.now();
    await fixture.api.close(5_000);
    const res = await pending;
    expect(await bodyOf(res)).toMatchObject({ id, status: 'queued' });
    expect(res.headers.get('connection')).toBe('close');
    expect(Date.now() - before).toBeLessThan(2_000);
    await expect(fetch(fixture.url)).rejects.toThrow();
  });

  it('lets a request in flight finish, and ends its keep-alive connection', async () => {
    let arrived: (res: ServerResponse) => void;
    const inFlight = new Promise<ServerResponse>((resolve) => {
      arrived = resolve;
    });
    const listener = createHttpListener((_req, res) => arrived(res), createWaits());
    const { port } = await listener.listen('127.0.0.1', 0);
    const agent = new Agent({ keepAlive: true });
    const answer = new Promise<string | undefined>((resolve, reject) => {
      const call = request({ port, agent, host: '127.0.0.1' }, (res) => {
        res.resume();
        res.on('end', () => resolve(res.headers.connection));
      });
      call.on('error', reject).end();
    });
    const res = await inFlight;
    const closed = listener.close(5_000);
    res.end('done');
    expect(await answer).toBe('close');
    await closed;
    agent.destroy();
  });

  it('cuts what is not done at the deadline', async () => {
    const listener = createHttpListener(() => undefined, createWaits());
    const { port } = await listener.listen('127.0.0.1', 0);
    const hanging = fetch(`http://127.0.0.1:${port}`).catch(() => 'cut');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await listener.close(100);
    expect(await hanging).toBe('cut');
    await listener.close(100);
  });

  it('rejects listen on an address that is taken', async () => {
    const first = createHttpListener(() => undefined, createWaits());
    const second = createHttpListener(() => undefined, createWaits());
    const { port } = await first.listen('127.0.0.1', 0);
    await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close(100);
  });
});

describe('a caller that goes away', () => {
  it('frees its wait', async () => {
    const waits = createWaits();
    const listener = createHttpListener((_req, res) => {
      // The wait needs of Express' response only what Node's has.
      void waits.run(
        res as never,
        (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
      );
    }, waits);
    const { port } = await listener.listen('127.0.0.1', 0);
    const caller = new AbortController();
    const call = fetch(`http://127.0.0.1:${port}`, { signal: caller.signal }).catch(() => undefined);
    await vi.waitFor(() => expect(waits.count()).toBe(1));
    caller.abort();
    await vi.waitFor(() => expect(waits.count()).toBe(0));
    await call;
    await listener.close(100);
  });
});

describe('Prefer', () => {
  it.each([
    [undefined, 0],
    ['wait=5', 5],
    ['respond-async, WAIT = "7"; x=1', 7],
    ['wait=600', 60],
    ['wait=-1', 0],
    ['waiting=5', 0],
    ['wait=x', 0],
  ])('%s means %i seconds', (header, seconds) => {
    expect(preferredWait(header)).toBe(seconds);
  });
});
