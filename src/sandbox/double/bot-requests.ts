import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, giveAnswer, isDelivered, writeJson } from './answers.ts';
import type { CallLog } from './call-log.ts';
import type { FaultAction, Faults } from './faults.ts';
import type { Method } from './method.ts';
import { readInteger, readString } from './payload.ts';
import { Refusal } from './refusals.ts';
import { readPayload } from './request-body.ts';
import type { Payload } from './types.ts';

const PASS: FaultAction = { kind: 'pass' };

interface BotRequestDeps {
  /** Undefined: any well-formed token is right. */
  readonly token: string | undefined;
  readonly methods: (name: string) => Method;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly file: (fileId: string) => Buffer | undefined;
  /** Epoch milliseconds with fractions. */
  readonly arrival: () => number;
  /** Told of mistakes of the double itself. */
  readonly onError: (error: unknown) => void;
}

function checkToken(given: string, token: string | undefined): void {
  if (!/^\d+:[\w-]+$/.test(given)) throw new Refusal(404, 'Not Found');
  if (token !== undefined && given !== token) throw new Refusal(401, 'Unauthorized');
}

/** Answers `/bot<token>/<method>` and `/file/bot<token>/<path>`. Never rejects. */
export function createBotRequests(
  deps: BotRequestDeps,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const failure = (error: unknown): Answer => {
    if (error instanceof Refusal) return { status: error.status, body: error.body };
    deps.onError(error);
    return { status: 500, body: { ok: false, error_code: 500, description: 'Internal Server Error' } };
  };

  const run = async (name: string, payload: Payload, res: ServerResponse): Promise<Answer> => {
    try {
      const onGone = (leave: () => void): void => void res.once('close', leave);
      return { status: 200, body: { ok: true, result: await deps.methods(name)(payload, { onGone }) } };
    } catch (error) {
      return failure(error);
    }
  };

  const call = async (req: IncomingMessage, res: ServerResponse, name: string, query: URLSearchParams) => {
    const at = deps.arrival();
    const payload = await readPayload(req, query);
    const record = deps.calls.add(name, payload, at);
    const text = readString(payload, 'text') ?? readString(payload, 'caption') ?? '';
    const fault = deps.faults.take(name, readInteger(payload, 'chat_id'), text);
    if (fault && fault.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    const action = fault?.action ?? PASS;
    const answer = isDelivered(action) ? await run(name, payload, res) : { status: 0, body: {} };
    record.status = giveAnswer(req, res, action, answer);
  };

  return async (req, res) => {
    try {
      const url = new URL(req.url ?? '/', 'http://double');
      const [, file, token, rest] = /^\/(file\/)?bot([^/]+)\/([^/]+)\/?$/.exec(url.pathname) ?? [];
      if (token === undefined || rest === undefined) throw new Refusal(404, 'Not Found');
      checkToken(decodeURIComponent(token), deps.token);
      if (!file) return await call(req, res, rest, url.searchParams);
      const content = deps.file(rest);
      if (!content) throw new Refusal(404, 'Not Found');
      res.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length });
      res.end(content);
    } catch (error) {
      // A caller that hangs up in the middle of its request gets no answer.
      if (req.destroyed && !req.complete) return;
      writeJson(res, failure(error));
    }
  };
}
