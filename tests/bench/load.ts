import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import { InexactError } from './exactness.ts';
import { percentile } from './statistics.ts';

const TEXT = '/var on web-1 is at 98 %, 1.2 GB are left';
const GROUP = new URL('../../src/ingest/alertmanager/fixtures/firing.json', import.meta.url);
/** How often autocannon looks whether all answers are there, in ms. */
const SAMPLE_MS = 10;

export type BodyKind = keyof typeof BODIES;

interface Body {
  readonly path: string;
  readonly type: string;
  /** One that all requests send, or a function that makes each its own. */
  readonly body: string | ((id: string) => string);
}

/** What is posted, and where. An Alertmanager that repeats a group gets the first answer again: each has its own. */
const BODIES = {
  json: {
    path: '/api/alert',
    type: 'application/json',
    body: JSON.stringify({ title: 'Disk full', message: TEXT }),
  },
  text: { path: '/api/alert?title=Disk%20full', type: 'text/plain', body: TEXT },
  alertmanager: { path: '/api/in/alertmanager', type: 'application/json', body: aGroup() },
} as const satisfies Readonly<Record<string, Body>>;

function aGroup(): (id: string) => string {
  const { body } = JSON.parse(readFileSync(GROUP, 'utf8')) as { body: object };
  const [before, after] = JSON.stringify({ ...body, groupKey: '<id>' }).split('<id>');
  return (id) => `${before}${id}${after}`;
}

export interface Load {
  /** Answers per second, whatever they said. */
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** HTTP status → answers. */
  readonly answers: ReadonlyMap<number, number>;
}

/**
 * Posts exactly `requests` alerts over `connections` connections, each one after the other's answer. A count and not a
 * time, since requests that a clock cuts off may have been accepted all the same, and the ledger could not be checked.
 * The tokens are dealt to the connections like cards, and each connection goes through its own in turn; with fewer
 * tokens than connections each goes through all of them, starting at another one. The time is from when all requests are made
 * to the last answer.
 * @throws InexactError when a request got no answer
 */
export async function postAlerts(
  url: string,
  tokens: readonly string[],
  options: { connections: number; requests: number; kind?: BodyKind },
): Promise<Load> {
  const { connections, kind = 'json' } = options;
  const { path, type, body }: Body = BODIES[kind];
  const hands = dealTokens(tokens, connections);
  const perConnection = Math.ceil(options.requests / connections);
  let next = 0;
  let lastAt = 0;
  const answers = new Map<number, number>();
  const latencies: number[] = [];
  let began = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: `${url}${path}`,
        ...{ connections, amount: options.requests, sampleInt: SAMPLE_MS, method: 'POST' },
        headers: { 'content-type': type },
        ...(typeof body === 'string' ? { body } : {}),
        setupClient(client) {
          const seat = next++;
          const hand = (hands[seat % hands.length] ?? []).map((token) => ({
            authorization: `Bearer ${token}`,
          }));
          // Built once, here: the generator must not cost more with many tokens, or many bodies, than with one.
          client.setRequests(
            typeof body === 'string'
              ? hand.map((headers) => ({ headers }))
              : Array.from({ length: perConnection }, (_, index) => ({
                  headers: { ...hand[index % hand.length], 'content-type': type },
                  body: body(`${seat} ${index} ${Math.random()}`),
                })),
          );
        },
      },
      (error, done) => (error ? reject(error) : resolve(done)),
    );
    // It has called setupClient for all by now.
    began = performance.now();
    instance.on('response', (_client, status, _bytes, ms) => {
      lastAt = performance.now();
      answers.set(status, (answers.get(status) ?? 0) + 1);
      latencies.push(ms);
    });
  });
  if (result.errors > 0 || latencies.length !== options.requests) {
    throw new InexactError(
      `of ${options.requests} requests ${latencies.length} were answered, with ${result.errors} errors`,
    );
  }
  return {
    perSecond: (latencies.length * 1000) / (lastAt - began),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    answers,
  };
}

/** As `postAlerts`. @throws InexactError when one was not accepted (202) */
export async function postAccepted(...args: Parameters<typeof postAlerts>): Promise<Load> {
  const load = await postAlerts(...args);
  if ([...load.answers.keys()].some((status) => status !== 202)) {
    throw new InexactError(`alerts were refused: ${JSON.stringify([...load.answers])}`);
  }
  return load;
}

function dealTokens(tokens: readonly string[], connections: number): string[][] {
  return Array.from({ length: connections }, (_, seat) =>
    tokens.length < connections
      ? tokens.map((_token, index) => tokens[(seat + index) % tokens.length] ?? '')
      : tokens.filter((_token, index) => index % connections === seat),
  );
}
