import express, { Router } from 'express';
import { expect, it } from 'vitest';
import type { AnsweredRequest } from '../../../src/domain/answered-request.ts';
import { AppError } from '../../../src/domain/errors.ts';

import { createHttpServer } from '../../../src/http/server.ts';

it('tells the pattern of each request, never its ids, also where an error left the router', async () => {
  const seen: AnsweredRequest[] = [];
  const api = Router();
  api.get('/alerts/:id', (_req, res) => void res.json({}));
  api.post('/alerts/:id/resend', () => {
    throw new AppError('not_found', 'gone');
  });
  api.get('/hang', () => undefined);
  const server = createHttpServer(
    [
      { at: '/api', handlers: [api] },
      { at: ['/admin', '/metrics'], handlers: [Router().get('/', (_req, res) => void res.end())] },
      { handlers: [express.static('/nowhere'), (_req, res) => void res.status(404).end()] },
    ],
    {
      trustProxy: 0,
      logger: { error: () => undefined, warn: () => undefined },
      waits: { end: () => undefined },
      observeRequest: (request) => seen.push(request),
    },
  );
  const { port } = await server.listen('127.0.0.1', 0);
  const call = async (method: string, path: string) => {
    await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { 'X-Request-Id': 'r-1' } });
  };
  await call('GET', '/api/alerts/-100123?chat=-100123');
  await call('POST', '/api/alerts/-100123/resend');
  await call('GET', '/metrics');
  await call('PUT', '/api/unknown/-100123');
  await call('PROPFIND', '/-100123');
  const hung = new AbortController();
  setTimeout(() => hung.abort(), 50);
  await fetch(`http://127.0.0.1:${port}/api/hang`, { signal: hung.signal }).catch(() => undefined);
  await expect.poll(() => seen.length).toBe(6);
  expect(seen.map(({ method, route, status }) => `${method} ${route} ${status}`)).toEqual([
    'GET /api/alerts/:id 200',
    'POST /api/alerts/:id/resend 404',
    'GET /metrics 200',
    'PUT /api/* 404',
    'other /* 404',
    'GET /api/hang 499',
  ]);
  expect(seen[0]).toMatchObject({ requestId: 'r-1', tookMs: expect.any(Number) });
  expect(JSON.stringify(seen)).not.toContain('100123');
  await server.close(100);
});
