import { type IncomingHttpHeaders, request } from 'node:http';
import { breachOf } from './api-contract.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; undefined when it is no JSON. Loose on purpose: tests look at single fields. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer may be any JSON, and tests check what they read of it.
  readonly body: any;
  /** Milliseconds from the call to the end of the answer. */
  readonly tookMs: number;
}

export interface CallOptions {
  readonly method?: string;
  readonly token?: string;
  readonly json?: unknown;
  /** A body that is sent as it is, instead of `json`. */
  readonly rawBody?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiClient {
  /** One request on a connection of its own. @throws Error when there is no complete answer within 30 s */
  call(path: string, options?: CallOptions): Promise<ApiAnswer>;
  postAlert(token: string, alert: object, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** The ledger entry. @throws Error for another status than 200 */
  getAlert(token: string, id: string): Promise<LedgerEntry>;
  createIntegration(setupToken: string, body?: object): Promise<ApiAnswer>;
  getIntegration(token: string, chatId: number): Promise<ApiAnswer>;
  /** Asks every 50 ms until the alert has one of the states. @throws Error after `ms` (20 s) */
  waitForStatus(token: string, id: string, statuses: readonly string[], ms?: number): Promise<LedgerEntry>;
  /** A call with the operator's Basic authentication. */
  operate(path: string, options?: CallOptions): Promise<ApiAnswer>;
}

export interface LedgerEntry {
  readonly id: string;
  readonly status: string;
  readonly reason?: string | null;
  readonly messageIds?: readonly number[];
  readonly [field: string]: unknown;
}

const ANSWER_LIMIT_MS = 30_000;
export const ENDED = ['delivered', 'failed', 'uncertain', 'expired'] as const;

/** The service's HTTP interface as a sender sees it. `url` is asked at each call: it changes with a restart. */
export function createApiClient(url: () => string, admin: { user: string; password: string }): ApiClient {
  const client: ApiClient = {
    call: (path, options = {}) => send(new URL(path, url()), options),
    postAlert: (token, alert, headers = {}) =>
      client.call('/api/alert', { method: 'POST', token, json: alert, headers }),
    async getAlert(token, id) {
      const answer = await client.call(`/api/alerts/${id}`, { token });
      if (answer.status !== 200) throw new Error(`GET /api/alerts/:id: ${answer.status} ${answer.text}`);
      return answer.body as LedgerEntry;
    },
    createIntegration: (token, body = {}) =>
      client.call('/api/createIntegration', { method: 'POST', token, json: body }),
    getIntegration: (token, chatId) => client.call(`/api/integrations/${chatId}`, { token }),
    async waitForStatus(token, id, statuses, ms = 20_000) {
      const deadline = performance.now() + ms;
      for (;;) {
        const entry = await client.getAlert(token, id);
        if (statuses.includes(entry.status)) return entry;
        if (performance.now() > deadline)
          throw new Error(
            `alert is ${entry.status} (${entry.reason}) after ${ms} ms, not ${statuses.join('|')}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    operate(path, options = {}) {
      const basic = Buffer.from(`${admin.user}:${admin.password}`).toString('base64');
      return client.call(path, {
        ...options,
        headers: { ...options.headers, authorization: `Basic ${basic}` },
      });
    },
  };
  return client;
}

/** Without a connection pool: a connection kept from before a crash would fail the first call after it. */
function send(
  url: URL,
  { method = 'GET', token, json, rawBody, headers = {} }: CallOptions,
): Promise<ApiAnswer> {
  const payload = rawBody ?? (json === undefined ? undefined : JSON.stringify(json));
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const req = request(url, {
      method,
      agent: false,
      timeout: ANSWER_LIMIT_MS,
      headers: {
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    req.once('timeout', () => req.destroy(new Error(`no answer within ${ANSWER_LIMIT_MS} ms`)));
    req.once('error', reject);
    req.once('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('error', reject);
      res.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const tookMs = performance.now() - began;
        const status = res.statusCode ?? 0;
        const contentType = res.headers['content-type'];
        const breach = breachOf({ method, path: url.pathname, status, contentType, body: text });
        if (breach !== undefined) return reject(new Error(breach));
        resolve({ status, headers: res.headers, text, body: parse(text), tookMs });
      });
    });
    req.end(payload);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
