import autocannon from 'autocannon';
import { InexactError } from './exactness.ts';
import { percentile } from './statistics.ts';

const BODY = JSON.stringify({ title: 'Disk full', message: '/var on web-1 is at 98 %, 1.2 GB are left' });
/** How often autocannon looks whether all answers are there, in ms: its duration is exact to this. */
const SAMPLE_MS = 10;

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
 * tokens than connections each goes through all of them, starting at another one.
 * @throws InexactError when a request got no answer
 */
export async function postAlerts(
  url: string,
  tokens: readonly string[],
  options: { connections: number; requests: number },
): Promise<Load> {
  const hands = dealTokens(tokens, options.connections);
  let next = 0;
  const answers = new Map<number, number>();
  const latencies: number[] = [];
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: `${url}/api/alert`,
        connections: options.connections,
        amount: options.requests,
        sampleInt: SAMPLE_MS,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: BODY,
        setupClient(client) {
          const hand = hands[next++ % hands.length] ?? [];
          // Built once, here: the generator must not cost more with many tokens than with one.
          client.setRequests(hand.map((token) => ({ headers: { authorization: `Bearer ${token}` } })));
        },
      },
      (error, done) => (error ? reject(error) : resolve(done)),
    );
    instance.on('response', (_client, status, _bytes, ms) => {
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
    perSecond: latencies.length / result.duration,
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
