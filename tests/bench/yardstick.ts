/**
 * The yardstick of the accept benchmark: a bare Express 5 route that only parses JSON, verifies a JWT and calls
 * queue.add. Prints its port. Environment: REDIS_URL, BENCH_SECRET.
 */
import { createSecretKey } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Queue } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';

const key = createSecretKey(Buffer.from(process.env.BENCH_SECRET ?? ''));
const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null });
const queue = new Queue('yardstick', { connection, prefix: '{bench}' });
const app = express();
app.use(express.json());
app.post('/api/alert', async (req, res) => {
  jwt.verify((req.headers.authorization ?? '').slice('Bearer '.length), key, { algorithms: ['HS256'] });
  const job = await queue.add('alert', req.body, { removeOnComplete: true });
  res.status(202).json({ id: job.id, status: 'queued' });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
