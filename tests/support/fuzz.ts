import fc from 'fast-check';
import { ADAPTER_NAMES, pathFor } from '../../src/ingest/adapters.ts';
import { breachOf } from './api-contract.ts';
import { type ApiFixture, rawRequest } from './api-fixture.ts';
import { type FuzzedRequest, fuzzed, fuzzedDelivery } from './fuzz-requests.ts';

export interface Target {
  readonly name: string;
  readonly requests: fc.Arbitrary<FuzzedRequest>;
}

const IN_FLIGHT = 16;
const CHAT = 4242;

const TEMPLATE =
  '{"title": {{ name | json }}, "message": {{ message | json }}, "key": {{ id | json }}, "resolve": {{ ok }}}';

/** Every adapter, and every call that takes input, each with a credential that is good. */
export async function fuzzTargets(fixture: ApiFixture): Promise<Target[]> {
  const { token } = fixture.grant({ rateLimit: 1e9, dailyLimit: 1e9 });
  const headers = { authorization: `Bearer ${token}` };
  const adapters = ADAPTER_NAMES.map(async (adapter) => {
    const options = adapter === 'json' ? { template: TEMPLATE } : {};
    const { key } = await fixture.useCases.keys.make({ id: 1, chatId: CHAT }, { adapter, options });
    return { name: adapter, requests: fuzzedDelivery(adapter, pathFor(adapter, key)) };
  });
  const alert = {
    message: 'x',
    title: 'y',
    priority: 'high',
    tags: ['a'],
    url: 'https://example.org',
    ttl: 60,
    format: 'html',
  };
  const call = (
    name: string,
    path: string,
    body: unknown,
    methods: readonly string[],
    query = {},
  ): Target => ({
    name,
    requests: fuzzed(path, body, { methods, headers, query }),
  });
  return [
    ...(await Promise.all(adapters)),
    call('alert', '/api/alert', alert, ['POST', 'PUT'], { title: 'x', delay: '30m', dryRun: 'false' }),
    call('alerts', '/api/alerts/0197a4c2-5b1e-7c3a-9f0d-2f6f3f1b9a10', {}, ['GET', 'POST'], { wait: '0' }),
    call(
      'keys',
      '/api/keys',
      { adapter: 'github', name: 'x', options: { secret: 'long enough', only: ['push'] } },
      ['GET', 'POST'],
    ),
    call('key', '/api/keys/987654', {}, ['DELETE', 'GET']),
    call('createIntegration', '/api/createIntegration', { name: 'x', scope: 'alert:send', chatId: 1 }, [
      'POST',
    ]),
    call('integrations', '/api/integrations/4242', {}, ['GET']),
  ];
}

/** Sends `count` requests of a target. @returns what was wrong: a 5xx, or an answer that the document does not know */
export async function fuzz(
  fixture: ApiFixture,
  target: Target,
  count: number,
  seed: number,
): Promise<string[]> {
  const faults: string[] = [];
  const requests = fc.sample(target.requests, { numRuns: count, seed });
  const next = requests.values();
  const work = async (): Promise<void> => {
    for (const request of next) {
      const fault = await faultOf(fixture, request);
      if (fault !== undefined)
        faults.push(`${target.name}, seed ${seed}: ${fault}\n  ${JSON.stringify(request).slice(0, 1_500)}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  forget(fixture);
  return faults;
}

async function faultOf(fixture: ApiFixture, request: FuzzedRequest): Promise<string | undefined> {
  const { method, path, body } = request;
  // Node says nothing of the length of a DELETE's body.
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const headers = { ...request.headers, ...length };
  try {
    const answer = await rawRequest(fixture.url, {
      method,
      path,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    if (answer.status >= 500) return `${answer.status} ${answer.body.slice(0, 300)}`;
    if (answer.status >= 300 && answer.status < 400) return `a redirect: ${answer.status}`;
    return breachOf({
      ...{ method, path, status: answer.status, body: answer.body },
      contentType: answer.headers['content-type'] as string,
    });
  } catch (error) {
    // Node's own client sends no such request.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_INVALID'))
      return undefined;
    return String(error);
  }
}

/** What the tests' ports keep of every alert. */
function forget({ records, jobs, events, logged }: ApiFixture): void {
  records.clear();
  for (const list of [jobs, events, logged]) list.length = 0;
}
