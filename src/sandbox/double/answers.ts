import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultAction } from './faults.ts';

/** An answer before it is written: a faulty connection may keep it from arriving. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function writeJson(res: ServerResponse, { status, body }: Answer): void {
  if (res.writableEnded || res.destroyed) return;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/html' : 'application/json';
  const seconds = retryAfter(body);
  res.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }),
  });
  res.end(text);
}

/** Telegram repeats `retry_after` as a header. */
function retryAfter(body: unknown): number | undefined {
  const parameters = (body as { parameters?: { retry_after?: number } } | null)?.parameters;
  return parameters?.retry_after;
}

/** Whether the call takes effect although its answer is spoilt. */
export function isDelivered(action: FaultAction): boolean {
  if (action.kind === 'pass') return true;
  return action.deliver ?? (action.kind === 'cut' || action.kind === 'invalid-json');
}

/**
 * Answers, or spoils the answer as the fault says. `answer` is the true one where the call took effect.
 * @returns the status as the caller saw it; undefined where it saw none
 */
export function giveAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  action: FaultAction,
  answer: Answer,
): number | undefined {
  switch (action.kind) {
    case 'pass':
      writeJson(res, answer);
      return answer.status;
    case 'answer':
      writeJson(res, action);
      return action.status;
    case 'reset':
      req.socket.resetAndDestroy();
      return undefined;
    case 'hang':
      return undefined;
    case 'cut': {
      const text = JSON.stringify(answer.body);
      res.writeHead(answer.status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      res.write(text.slice(0, Math.ceil(text.length / 2)), () => req.socket.destroy());
      return undefined;
    }
    case 'invalid-json':
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end('{"ok":true,"result":{');
      return 200;
  }
}
