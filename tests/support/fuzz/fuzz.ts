import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { breachOf } from '../api-contract.ts';
import { type FuzzedRequest, requestsAt } from './requests.ts';
import type { Target } from './targets.ts';
import type { ReadyRequest, World } from './world.ts';

const IN_FLIGHT = 64;
/** An answer that takes longer, in ms, is none. */
const PATIENCE_MS = 20_000;

export interface Fuzzed {
  /** What was wrong: a 5xx, a redirect, an answer that the document does not know, none at all. */
  readonly faults: readonly string[];
  /** HTTP status → answers. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** Making them takes longer than sending one. */
const known = new Map<string, fc.Arbitrary<FuzzedRequest>>();

/** Sends `count` requests to an operation, several at a time. The same seed sends the same. */
export async function fuzz(world: World, target: Target, count: number, seed: number): Promise<Fuzzed> {
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  const arbitrary = known.get(target.name) ?? requestsAt(target);
  known.set(target.name, arbitrary);
  const requests = fc.sample(arbitrary, { numRuns: count, seed });
  const next = requests.values();
  const work = async (): Promise<void> => {
    for (const fuzzed of next) {
      const ready = await world.ready(target, fuzzed);
      const count = (status: number | undefined) =>
        status !== undefined && statuses.set(status, (statuses.get(status) ?? 0) + 1);
      let { status, fault } = await judge(world, target, ready, fuzzed);
      count(status);
      // What the document says of a machine that is too busy is no fault, if it is over with the next try.
      if (status === 503) {
        ({ status, fault } = await judge(world, target, ready, fuzzed));
        count(status);
      }
      if (fault !== undefined)
        faults.push(`${target.name}, seed ${seed}: ${fault}\n  ${shown(ready, fuzzed)}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return { faults, statuses };
}

function shown(ready: ReadyRequest, { body, isChunked }: FuzzedRequest): string {
  return JSON.stringify({ ...ready, isChunked, body: body?.toString('utf8').slice(0, 1_000) });
}

async function judge(
  world: World,
  { method }: Target,
  ready: ReadyRequest,
  fuzzed: FuzzedRequest,
): Promise<{ status?: number; fault?: string | undefined }> {
  try {
    const answer = await send(world, method, ready, fuzzed);
    const { status, body, contentType } = answer;
    if (status >= 500) {
      const why = world.logged.filter((line) => line.includes(answer.requestId)).join('\n');
      return { status, fault: `${status} ${body.slice(0, 300)} ${why}` };
    }
    if (status >= 300 && status < 400) return { status, fault: `a redirect: ${status}` };
    return { status, fault: breachOf({ ...{ method, path: ready.path, status, body }, contentType }) };
  } catch (error) {
    // Node's own client sends no such request.
    const isUnsendable =
      error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_INVALID');
    return isUnsendable ? {} : { fault: String(error) };
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string | undefined;
  readonly requestId: string;
}

function send(
  world: World,
  method: string,
  { path, headers }: ReadyRequest,
  { body, isChunked }: FuzzedRequest,
): Promise<Answer> {
  // Node says nothing of the length of a DELETE's body.
  const framing: Record<string, string> =
    body === undefined
      ? {}
      : isChunked
        ? { 'transfer-encoding': 'chunked' }
        : { 'content-length': String(body.length) };
  const attempt = (isAgain: boolean): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = httpRequest(
        world.url + path,
        { method, headers: { ...headers, ...framing }, agent: world.agent, timeout: PATIENCE_MS },
        (res) => {
          const pieces: Buffer[] = [];
          res.on('data', (piece: Buffer) => pieces.push(piece));
          res.on('error', reject);
          res.on('end', () =>
            resolve({
              status: res.statusCode ?? 0,
              body: Buffer.concat(pieces).toString('utf8'),
              contentType: res.headers['content-type'],
              requestId: String(res.headers['x-request-id']),
            }),
          );
        },
      );
      call.on('timeout', () => call.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
      call.on('error', (error) => {
        // A connection that the server was just closing; a new one has to do.
        if (call.reusedSocket && !isAgain) resolve(attempt(true));
        else reject(error);
      });
      call.end(body);
    });
  return attempt(false);
}
