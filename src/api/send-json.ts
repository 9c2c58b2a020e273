import type { Response } from 'express';

/** Answers with JSON. As `res.json`, without what that does for caches and charsets: on the alert route it is felt. */
export function sendJson(res: Response, status: number, body: unknown): void {
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(JSON.stringify(body));
}
