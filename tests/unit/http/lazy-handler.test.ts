import express from 'express';
import { afterAll, expect, it } from 'vitest';
import { lazyHandler } from '../../../src/http/lazy-handler.ts';

let loads = 0;
const app = express();
app.use(
  lazyHandler(async () => {
    loads += 1;
    if (loads === 1) throw new Error('too many open files');
    return (_req, res) => void res.send('loaded');
  }),
);
app.use(((_error, _req, res, _next) => void res.sendStatus(500)) as express.ErrorRequestHandler);
const server = app.listen(0, '127.0.0.1');
afterAll(() => server.close());

it('is loaded by the first request for which that works, and once', async () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const ask = async () => (await fetch(`http://127.0.0.1:${address.port}/`)).status;
  expect([await ask(), await ask(), await ask()]).toEqual([500, 200, 200]);
  expect(loads).toBe(2);
});
