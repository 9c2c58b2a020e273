import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it } from 'vitest';
import { serverOptionsFor } from '../../../src/http/express-prototypes.ts';

it('gives Express requests and responses that it need not change, with all that Express adds to them', async () => {
  const app = express();
  app.get('/', (req, res) => {
    res.json({ agent: req.get('X-Asked'), isOwnApp: req.app === app && res.app === app });
  });
  const born: boolean[] = [];
  const server = createServer(serverOptionsFor(app), (req, res) => {
    born.push(Object.getPrototypeOf(req) === app.request, Object.getPrototypeOf(res) === app.response);
    born.push(req instanceof IncomingMessage, res instanceof ServerResponse);
    app(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'X-Asked': 'yes' } });
    expect(await answer.json()).toEqual({ agent: 'yes', isOwnApp: true });
    expect(born).toEqual([true, true, true, true]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
