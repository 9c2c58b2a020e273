import express, { type Express } from 'express';
import { requestId } from './middleware/request-id.ts';

/** What every server of ours begins with. `trustProxy`: number of proxies in front. */
export function createBaseApp(trustProxy: number): Express {
  const app = express();
  app.disable('x-powered-by');
  // Answers are small and change: an ETag costs a hash of each and saves nothing.
  app.disable('etag');
  app.set('trust proxy', trustProxy);
  app.use(requestId);
  return app;
}
