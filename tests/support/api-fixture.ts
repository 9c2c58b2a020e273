import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { BoardQueues } from '../../src/admin/board/board.ts';
import { createUseCases } from '../../src/app/core.ts';
import { type ApiServerDeps, createApiServer } from '../../src/app/servers.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createKeySource } from '../../src/crypto/key-source.ts';
import { createTokens, type IssuedToken, type Tokens } from '../../src/crypto/tokens.ts';
import type { AlertRecord } from '../../src/domain/alert.ts';
import { createEventBus, type DomainEventName } from '../../src/domain/events.ts';
import { type Integration, whyCannotSend } from '../../src/domain/integration.ts';
import { DEFAULT_SCOPE } from '../../src/domain/scopes.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { createPreview, type PreviewAlerts } from '../../src/services/alerts/preview.ts';
import type { AlertLedger } from '../../src/services/ports/alerts.ts';
import type { ChatRepository } from '../../src/services/ports/chats.ts';
import type { PayloadCipher } from '../../src/services/ports/crypto.ts';
import type { IncidentRepository, ShownTexts, UpdateQueue } from '../../src/services/ports/incidents.ts';
import type { IntegrationRepository } from '../../src/services/ports/integrations.ts';
import type { JobRuns } from '../../src/services/ports/jobs.ts';
import type { KeyRepository, StoredKey } from '../../src/services/ports/keys.ts';
import type { DatabaseMaintenance } from '../../src/services/ports/maintenance.ts';
import type { AlertJob, AlertQueue } from '../../src/services/ports/queue.ts';
import type { SetUp } from '../../src/services/ports/set-ups.ts';
import type { StatisticsRepository } from '../../src/services/ports/statistics.ts';
import { createRenderer } from '../../src/telegram/render/renderer.ts';
import { breachOf } from './api-contract.ts';

export const CHAT = 4242;
export const PUBLIC_URL = 'https://alerts.example.org';
export const SECRET = 'a secret of the tests, long enough';

/** Nothing of the code under test calls what is left out here. */
function part<T>(methods: Partial<T>): T {
  return methods as T;
}

const fail = async () => {
  throw new Error('not in this test');
};
/** An overview of which nothing is known. */
export const UNKNOWN_OVERVIEW: ApiServerDeps['overview'] = {
  ...{ version: '1.2.3', timeZone: 'UTC', limits: { maxPending: 500, maxScheduled: 10_000 } },
  statistics: { daily: fail, lastDay: fail, lastMonth: fail, closeDays: fail },
  glance: { sends: fail, quotaHits: fail, incidents: fail },
  ...{ countQueue: fail, motion: fail, processes: fail, jobHistory: fail, nextRuns: fail },
};

export interface ApiFixture {
  readonly api: HttpServer;
  readonly url: string;
  readonly tokens: Tokens;
  readonly useCases: Pick<ReturnType<typeof createUseCases>, 'alerts' | 'integrations' | 'keys'>;
  readonly preview: PreviewAlerts;
  /** Moves all clocks of the services, in milliseconds; JWT libraries keep the real time. */
  readonly clock: { now(): number; skew: number };
  readonly integrations: Map<number, Integration>;
  readonly records: Map<string, AlertRecord>;
  readonly jobs: (AlertJob & { readonly sealed: string })[];
  /** For a test that lets one of its calls fail or hang. */
  readonly ledger: AlertLedger;
  readonly queue: AlertQueue;
  readonly events: { name: DomainEventName; event: object }[];
  readonly setUps: SetUp[];
  /** Open incidents: integration and keyed hash, with a blank between. */
  readonly live: Set<string>;
  readonly logged: { level: string; fields: Record<string, unknown>; message: string }[];
  /** Adds an active integration, or changes the one with the id, and gives it a token. */
  grant(change?: Partial<Integration>): IssuedToken;
  setup(change?: Partial<Integration>): IssuedToken;
  end(id: string, change: Partial<AlertRecord>): void;
  call(path: string, init?: RequestInit & { token?: string; json?: unknown }): Promise<Response>;
  stop(): Promise<void>;
}

/** The API over real HTTP, with the real services on ports that live in memory. */
export async function startApi(overrides: Partial<ApiServerDeps> = {}): Promise<ApiFixture> {
  const clock = { skew: 0, now: () => Date.now() + clock.skew };
  const integrations = new Map<number, Integration>();
  const records = new Map<string, AlertRecord>();
  const keys = new Map<string, { id: string; bodyHash: string }>();
  const jobs: (AlertJob & { readonly sealed: string })[] = [];
  const waiting = new Set<(id: string) => void>();
  const bus = createEventBus();
  const events: ApiFixture['events'] = [];
  const emit: typeof bus.emit = (name, event) => {
    events.push({ name, event });
    bus.emit(name, event);
  };
  const cipher: PayloadCipher = {
    seal: (content) => Buffer.from(JSON.stringify(content)).toString('base64'),
    open: (sealed) => JSON.parse(Buffer.from(sealed, 'base64').toString()),
    sealTags: (tags) => tags.join('|'),
    openTags: (sealed) => sealed.split('|'),
    sealOptions: (options) => JSON.stringify(options),
    openOptions: (sealed) => JSON.parse(sealed),
    sealName: (name) => `sealed ${name}`,
    openName: (sealed) => sealed.replace('sealed ', ''),
    newAlertId: randomUUID,
    hashChat: (chatId) => `hash-of-${chatId}`,
    hashClient: (address) => `hash-of-${address}`,
    hashRequest: (value) => `h(${value})`,
  };
  const repository = part<IntegrationRepository>({
    findById: async (id) => integrations.get(id),
    findByChat: async (chatId) => [...integrations.values()].filter((one) => one.chatId === chatId),
    activate: async (id, setupHash, next) => {
      const known = integrations.get(id);
      if (known?.status !== 'pending' || known.tokenHash !== setupHash) return undefined;
      const { showName, overflow, acknowledge } = { ...known, ...next };
      const { now: updatedAt, name, ...rest } = next;
      const active = {
        ...known,
        ...rest,
        name: name ?? known.name,
        showName,
        overflow,
        acknowledge,
        status: 'active' as const,
        updatedAt,
      };
      integrations.set(id, active);
      return active;
    },
    rotate: async (id, oldHash, next) => {
      const known = integrations.get(id);
      if (known?.tokenHash !== oldHash) return undefined;
      const { tokenHash, scope, expiresAt } = next;
      const rotated = { ...known, tokenHash, scope, expiresAt };
      if (next.revokeKeys)
        for (const [key, { integrationId }] of stored) if (integrationId === id) stored.delete(key);
      integrations.set(id, rotated);
      return rotated;
    },
    update: async (id, to, updatedAt) => {
      const known = integrations.get(id);
      if (known?.status !== 'active') return undefined;
      const updated = { ...known, ...to, updatedAt };
      integrations.set(id, updated);
      return updated;
    },
    revoke: async (id) => {
      const known = integrations.get(id);
      if (known === undefined || known.status === 'revoked') return undefined;
      const integration = { ...known, status: 'revoked' as const, tokenHash: null };
      integrations.set(id, integration);
      return { integration, alertIds: [] };
    },
  });
  const ledger = part<AlertLedger>({
    accept: async ({ idempotency, tokenHash, namedChatId, ...alert }) => {
      const integration = integrations.get(alert.integrationId);
      if (integration === undefined || (tokenHash !== null && tokenHash !== integration.tokenHash)) {
        return { kind: 'token_invalid' };
      }
      if (namedChatId !== null && namedChatId !== integration.chatId) {
        return { kind: 'chat_mismatch', integration };
      }
      if (whyCannotSend(integration) !== undefined) return { kind: 'not_active', integration };
      const key = idempotency && `${alert.integrationId} ${idempotency.keyHash}`;
      const repeated = key ? keys.get(key) : undefined;
      const record = repeated && records.get(repeated.id);
      if (record && repeated) {
        return { kind: 'repeated', record, bodyHash: repeated.bodyHash, integration };
      }
      if (integration.rateLimit < 1) return { kind: 'quota_exhausted', integration };
      const remaining = integration.rateLimit - 1;
      integrations.set(integration.id, { ...integration, rateLimit: remaining });
      const fresh = {
        status: 'queued',
        reason: null,
        parts: null,
        resends: 0,
        messageIds: [],
        incidentId: null,
        folded: null,
        shown: false,
        replyTo: null,
        notice: false,
        sendingAt: null,
        endedAt: null,
      } as const;
      records.set(alert.id, { ...alert, ...fresh, remaining });
      if (key) keys.set(key, { id: alert.id, bodyHash: idempotency.bodyHash });
      return { kind: 'accepted', remaining, integration };
    },
    find: async (id) => records.get(id),
    confirm: async (id) => records.has(id),
    withdraw: async (id, integrationId) => {
      const integration = integrations.get(integrationId);
      if (!records.delete(id) || integration === undefined) return false;
      integrations.set(integrationId, { ...integration, rateLimit: integration.rateLimit + 1 });
      return true;
    },
    requeue: async (id) => {
      const known = records.get(id);
      if (known) records.set(id, { ...known, status: 'queued' });
      return known !== undefined;
    },
  });
  const stored = new Map<number, StoredKey>();
  const keyRepository: KeyRepository = {
    findByHash: async (hash) => [...stored.values()].find(({ keyHash }) => keyHash === hash),
    list: async (id) => [...stored.values()].filter(({ integrationId }) => integrationId === id),
    add: async (key, most) => {
      if (integrations.get(key.integrationId)?.status !== 'active') return 'not_active';
      if ((await keyRepository.list(key.integrationId)).length >= most) return 'too_many';
      const added = { ...key, id: stored.size + 1 };
      stored.set(added.id, added);
      return added;
    },
    remove: async (integrationId, id) => {
      const known = stored.get(id);
      if (known?.integrationId !== integrationId) return undefined;
      stored.delete(id);
      return known;
    },
  };
  const queue = part<AlertQueue>({
    add: async (job, sealed) => void jobs.push({ ...job, sealed }),
    drop: async () => undefined,
    existing: async (ids) => new Set(ids),
    hasText: async (id) => jobs.some((job) => job.alertId === id),
    addAgain: async () => undefined,
  });
  const tokens = createTokens({ secret: SECRET, clock, setupTtlSeconds: 300, ttlDays: 365 });
  const ended = {
    publish: (id: string) => waiting.forEach((tell) => void tell(id)),
    wait: (id: string, ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const tell = (which: string) => which === id && finish();
        const timer = setTimeout(finish, ms);
        function finish() {
          clearTimeout(timer);
          waiting.delete(tell);
          resolve();
        }
        waiting.add(tell);
        if (signal.aborted) finish();
        signal.addEventListener('abort', finish);
      }),
  };
  const services = { cipher, clock, events: { ...bus, emit } };
  const setUps: SetUp[] = [];
  const live = new Set<string>();
  const logged: ApiFixture['logged'] = [];
  const log = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void logged.push({ level, fields, message });
  const incidents = part<IncidentRepository>({
    isLive: async (id, keyHash) => live.has(`${id} ${keyHash}`),
    // Each is a message of its own: what incidents do is not the API's.
    takeIn: async (alert) => {
      const result = await ledger.accept(alert);
      if (result.kind === 'overflow') throw new Error('this ledger lets nothing overflow');
      if (result.kind !== 'accepted') return result;
      const { integration, remaining } = result;
      if (alert.resolve !== 'if-open')
        return { kind: 'accepted', remaining, integration, incidentId: null, changed: [] };
      records.delete(alert.id);
      return { kind: 'ignored', integration };
    },
  });
  const chats = part<ChatRepository>({ find: async () => undefined, register: async () => undefined });
  const useCases = createUseCases(
    {
      ...{ cipher, tokens, ledger, queue, repository, ended, keyRepository },
      keySource: createKeySource(),
      incidents,
      texts: part<ShownTexts>({
        put: async () => undefined,
        keep: async () => undefined,
        drop: async () => undefined,
      }),
      updates: part<UpdateQueue>({ add: async () => undefined }),
      chatRepository: chats,
      database: part<DatabaseMaintenance>({}),
      jobRuns: part<JobRuns>({}),
      statisticsRepository: part<StatisticsRepository>({}),
    },
    { config: loadConfig({}, () => ''), clock, events: services.events },
  );
  const renderer = createRenderer();
  const preview = createPreview({ integrations: repository, incidents, chats, cipher, clock, ...renderer });
  const api = createApiServer({
    preview,
    alerts: useCases.alerts,
    integrations: useCases.integrations,
    keys: useCases.keys,
    tokens,
    clock,
    setUps: { publish: async (setUp) => void setUps.push(setUp) },
    serviceUrl: () => PUBLIC_URL,
    redis: { call: () => Promise.reject(new Error('no Redis in this test')) },
    health: { live: () => ({ status: 'ok' }), ready: async () => ({ status: 'ok', checks: {} }) },
    metrics: { render: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }) },
    // Without a password nothing touches the queues; tests with one pass real queues.
    queues: {} as BoardQueues,
    reportIgnored: (adapter, requestId) => services.events.emit('delivery.ignored', { adapter, requestId }),
    isPaused: async () => false,
    whyWaiting: async (waiting) => waiting.map(() => null),
    lookUp: async () => undefined,
    overview: UNKNOWN_OVERVIEW,
    reportRefusal: (kind, { requestId }) =>
      services.events.emit('access.refused', { kind, client: 'hash-of-client', requestId }),
    liftFloodWait: async () => undefined,
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    version: '0.0.0',
    timeZone: 'UTC',
    rateLimitPerMinute: 0,
    queuePrefix: '{test}',
    trustProxy: 0,
    operator: { user: 'admin', password: undefined, sessionKey: Buffer.alloc(32, 7) },
    ...overrides,
  });
  const { port } = await api.listen('127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}`;

  function put(change: Partial<Integration>, issued: IssuedToken): IssuedToken {
    const id = change.id ?? 1;
    const base: Integration = {
      id,
      chatId: CHAT,
      name: 'integration 1',
      tokenHash: issued.hash,
      scope: DEFAULT_SCOPE,
      rateLimit: 10,
      dailyLimit: 10,
      status: 'active',
      expiresAt: issued.expiresAt,
      unreachableSince: null,
      unreachableReason: null,
      showName: true,
      overflow: 'refuse',
      acknowledge: false,
      createdAt: Date.UTC(2026, 0, 1),
      updatedAt: Date.UTC(2026, 0, 1),
    };
    integrations.set(id, { ...base, ...change });
    return issued;
  }

  return {
    api,
    url,
    tokens,
    useCases,
    preview,
    clock,
    integrations,
    records,
    jobs,
    ledger,
    queue,
    events,
    setUps,
    live,
    logged,
    grant: (change = {}) => put(change, tokens.issue(change.id ?? 1, change.scope ?? DEFAULT_SCOPE)),
    setup: (change = {}) =>
      put({ status: 'pending', scope: '', ...change }, tokens.issueSetup(change.id ?? 1, 'es-ES')),
    end(id, change) {
      const known = records.get(id);
      if (known) records.set(id, { ...known, status: 'delivered', endedAt: clock.now(), ...change });
      ended.publish(id);
    },
    async call(path, { token, json, ...init } = {}) {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
      if (json !== undefined && !headers.has('Content-Type')) headers.set('Content-Type', 'application/json');
      const body = json === undefined ? init.body : JSON.stringify(json);
      const method = init.method ?? (json === undefined ? 'GET' : 'POST');
      const res = await fetch(url + path, {
        redirect: 'manual',
        ...init,
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      const contentType = res.headers.get('Content-Type') ?? undefined;
      const breach = breachOf({
        method,
        path,
        status: res.status,
        contentType,
        body: await res.clone().text(),
      });
      if (breach !== undefined) throw new Error(breach);
      return res;
    },
    async stop() {
      await api.close(1_000);
      await renderer.close();
    },
  };
}

/** A request that fetch would not make: any path and header, as they are. */
export function rawRequest(
  url: string,
  options: { path: string; method?: string; headers?: Record<string, string>; body?: string | Buffer },
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, ...rest }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => {
        text += chunk;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** The members of a JSON answer, unknown each. */
export async function bodyOf(res: Response): Promise<Record<string, unknown>> {
  return (await res.json()) as Record<string, unknown>;
}
