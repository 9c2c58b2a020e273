import { createHmac } from 'node:crypto';
import { Agent } from 'node:http';
import { createApiServer } from '../../../src/app/servers.ts';
import { hashToken } from '../../../src/crypto/tokens.ts';
import { TABLES } from '../../../src/db/engine/tables.ts';
import { ADAPTER_NAMES, ADAPTERS, type AdapterName } from '../../../src/ingest/adapters.ts';
import { createPreview } from '../../../src/services/alerts/preview.ts';
import { createRenderer } from '../../../src/telegram/render/renderer.ts';
import { createRig, request } from '../../integration/services/rig.ts';
import { UNKNOWN_OVERVIEW } from '../api-fixture.ts';
import type { TestRedis } from '../redis.ts';
import type { FuzzedRequest } from './requests.ts';
import type { Target } from './targets.ts';

const OPERATOR = { user: 'admin', password: 'operators-of-the-tests' };
const WEBHOOK_SECRET = 'a secret of the webhook';
/** Nobody ends an alert here: what waits for that waits for so long, in seconds. */
const LONGEST_WAIT = 0.005;
/** The limit of previews, 30 a minute, is not what is looked at: the clock goes on by so much for each request, in ms. */
const BETWEEN_REQUESTS = 2_100;
const MAX_SOCKETS = 64;

const TEMPLATE =
  '{"title": {{ name | json }}, "message": {{ message | json }}, "key": {{ id | json }}, "resolve": {{ ok }}}';
const OPTIONS: Readonly<Partial<Record<AdapterName, Record<string, string>>>> = {
  json: { template: TEMPLATE },
};

/** What a tool's signature of a body looks like. A new adapter that signs has to say it here. */
const SIGNATURES: Readonly<Record<string, (hex: string) => Record<string, string>>> = {
  github: (hex) => ({ 'x-hub-signature-256': `sha256=${hex}` }),
  grafana: (hex) => ({ 'x-grafana-alerting-signature': hex }),
};

type Rig = Awaited<ReturnType<typeof createRig>>;
type Created = Awaited<ReturnType<Rig['integrate']>>;

interface Sender extends Created {
  readonly narrow: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly signed: Readonly<Record<string, string>>;
}

/** A request that can be sent. */
export interface ReadyRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** The whole API over HTTP in this process, on a real database and a real Redis; nothing is ever sent to Telegram. */
export async function createWorld(redis: TestRedis, database?: string) {
  const rig = await createRig(redis, {
    ...(database === undefined ? {} : { database }),
    ...{ maxPending: 1_000_000, dailyLimit: 10_000_000 },
  });
  const { core, config, clock } = rig;
  // No crash of the machine is part of this.
  if (rig.db.dialect === 'sqlite') await rig.db.knex.raw('PRAGMA synchronous = OFF');
  const renderer = createRenderer();
  const logged: string[] = [];
  const log = (fields: object, message: string) => void logged.push(JSON.stringify({ ...fields, message }));
  const shorten =
    (wait: typeof core.alerts.waitForEnd): typeof wait =>
    (integration, id, seconds, signal) =>
      wait(integration, id, Math.min(seconds, LONGEST_WAIT), signal);
  const api = createApiServer({
    ...{ clock, tokens: core.tokens, integrations: core.integrations, keys: core.keys, setUps: core.setUps },
    alerts: {
      ...core.alerts,
      waitForEnd: shorten(core.alerts.waitForEnd),
      waitForAcknowledgement: shorten(core.alerts.waitForAcknowledgement),
    },
    preview: createPreview({
      ...{ ...core, ...renderer, clock },
      ...{ integrations: core.repository, chats: core.chatRepository },
    }),
    ...{
      serviceUrl: () => 'http://127.0.0.1',
      redis: rig.fast,
      lookUp: core.lookUp,
      whyWaiting: core.whyWaiting,
    },
    health: { live: () => ({ status: 'ok' }), ready: async () => ({ status: 'ok', checks: {} }) },
    metrics: { render: async () => ({ contentType: 'text/plain', body: '' }) },
    queues: { alerts: core.alertJobs, updates: core.updateJobs, maintenance: core.maintenanceJobs },
    ...{ reportIgnored: () => undefined, reportRefusal: () => undefined, liftFloodWait: core.liftFloodWait },
    isPaused: () => core.alertJobs.isPaused(),
    overview: { ...UNKNOWN_OVERVIEW, statistics: core.statistics },
    logger: { info: () => undefined, warn: log, error: log },
    ...{ version: '0.0.0', timeZone: config.timeZone, queuePrefix: rig.prefix, trustProxy: 0 },
    rateLimitPerMinute: 0,
    operator: { ...OPERATOR, sessionKey: Buffer.alloc(32, 7) },
  });
  const { port } = await api.listen('127.0.0.1', 0);
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  let chat = 1_000;

  const newChat = () => {
    chat += 1;
    return chat;
  };

  async function newSender(): Promise<Sender> {
    const created = await rig.integrate(newChat());
    const { id, chatId } = created.integration;
    const narrowed = await core.integrations.issueSetupToken(chatId, 'narrow');
    const narrow = await core.integrations.create(
      core.tokens.verify(narrowed.token),
      hashToken(narrowed.token),
      { scope: 'alert:send' },
    );
    const make = async (adapter: AdapterName, options: object) =>
      (await core.keys.make({ id, chatId }, { adapter, options: { ...options } })).key;
    const keys: Record<string, string> = {};
    const signed: Record<string, string> = {};
    for (const name of ADAPTER_NAMES) {
      keys[name] = await make(name, OPTIONS[name] ?? {});
      if (isSigning(name)) signed[name] = await make(name, { secret: WEBHOOK_SECRET });
    }
    return { ...created, narrow: narrow.token, keys, signed };
  }

  /** Ids of keys that nobody has revoked yet. */
  let unused: { readonly token: string; readonly id: number }[] = [];
  async function unusedKey() {
    if (unused.length === 0) {
      const { integration, token } = await rig.integrate(newChat());
      for (let count = 0; count < 15; count += 1)
        unused.push({ token, id: (await core.keys.make(integration, { adapter: 'ntfy' })).id });
    }
    return unused.pop() ?? { token: '', id: 0 };
  }

  /** Ids of the sender's alerts, each in one of its states. */
  let alerts: string[] = [];
  async function anAlert(mustBeKept: boolean): Promise<string> {
    if (mustBeKept || alerts.length < 6) {
      const isKeyed = alerts.length === 1;
      const accepted = isKeyed
        ? await core.alerts.acceptKeyed(by(sender), { ...request('m'), key: 'disk' }, {})
        : await core.alerts.accept(by(sender), request('m', { tags: ['a'] }), {});
      if (accepted === 'ignored') throw new Error('an alert that opens an incident is not ignored');
      if (mustBeKept || alerts.length % 2 === 0) await rig.endAsKept(accepted.id, 'failed');
      alerts.push(accepted.id);
      if (mustBeKept) return accepted.id;
    }
    return alerts[Math.floor(chat + alerts.length) % alerts.length] ?? '';
  }

  let sender = await newSender();

  /** What the operation needs to be there, made for this request where it uses that up. */
  async function prepare({ id, adapter }: Target, signed: FuzzedRequest['signed']) {
    switch (id) {
      case 'createIntegration':
        return { token: (await core.integrations.issueSetupToken(newChat())).token };
      case 'revokeIntegration':
      case 'rotateToken':
      case 'makeKey':
        return { token: (await rig.integrate(newChat())).token };
      case 'revokeKey': {
        const key = await unusedKey();
        return { token: key.token, params: { id: String(key.id) } };
      }
      case 'getAlert':
      case 'acknowledgeAlert':
      case 'resendAlert':
        return { token: sender.token, params: { id: await anAlert(id === 'resendAlert') } };
      case 'getIntegration':
        return { token: sender.token, params: { chatId: String(sender.integration.chatId) } };
      default: {
        const key =
          adapter && ((signed === 'not' ? undefined : sender.signed[adapter]) ?? sender.keys[adapter]);
        return key === undefined ? { token: sender.token } : { token: key, params: { key } };
      }
    }
  }

  /** A request with all that it names: whose it is, and where it goes. */
  async function ready(target: Target, fuzzed: FuzzedRequest): Promise<ReadyRequest> {
    rig.advance(BETWEEN_REQUESTS);
    const { token, params = {} }: Prepared = await prepare(target, fuzzed.signed);
    const given: Readonly<Record<string, string>> = { ...params, ...fuzzed.params };
    const isOperators = target.id === 'dailyStatistics';
    const isByKey = target.path.includes('{key}');
    const path = target.path.replace(/\{(\w+)\}/g, (_, name: string) => given[name] ?? 'x');
    const { headers, query } = credentials(fuzzed, { token, isOperators, isByKey, narrow: sender.narrow });
    const pairs = new URLSearchParams({ ...fuzzed.query, ...query }).toString();
    return {
      path: pairs === '' ? path : `${path}?${pairs}`,
      headers: { ...fuzzed.headers, ...signatureOf(target, fuzzed), ...headers },
    };
  }

  return {
    url: `http://127.0.0.1:${port}`,
    ...{ agent, ready, logged },
    /** Everything that was sent is forgotten. */
    async reset(): Promise<void> {
      await rig.fast.flushdb();
      const tables = TABLES.filter(({ name }) => name !== 'Installation').map(({ name }) => name);
      for (const name of tables.reverse()) await rig.db.knex(name).delete();
      logged.length = 0;
      rig.forgetSeen();
      [unused, alerts] = [[], []];
      sender = await newSender();
    },
    /** Another integration sends from now on. */
    async nextSender(): Promise<void> {
      alerts = [];
      sender = await newSender();
    },
    async stop(): Promise<void> {
      agent.destroy();
      await api.close(1_000);
      await renderer.close();
      await rig.close();
    },
  };
}

interface Prepared {
  readonly token: string;
  readonly params?: Readonly<Record<string, string>>;
}

const by = ({ integration }: Created) => ({ id: integration.id, tokenHash: null });

const isSigning = (name: AdapterName): boolean => 'secret' in ADAPTERS[name].options.shape;

function credentials(
  { credential }: FuzzedRequest,
  sender: { token: string; isOperators: boolean; isByKey: boolean; narrow: string },
): { headers: Record<string, string>; query: Record<string, string> } {
  const of = (value: string) => ({ headers: { authorization: value }, query: {} });
  const nothing = { headers: {}, query: {} };
  const basic = (user: string, password: string) =>
    of(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  switch (credential) {
    case 'good':
      if (sender.isOperators) return basic(OPERATOR.user, OPERATOR.password);
      return sender.isByKey ? nothing : of(`Bearer ${sender.token}`);
    case 'basic':
      return basic('x', sender.token);
    case 'in the query':
      return { headers: {}, query: { auth: sender.token } };
    case 'too narrow':
      return of(`Bearer ${sender.narrow}`);
    case 'garbage':
      return of('Bearer eyJ.x.y');
    default:
      return nothing;
  }
}

function signatureOf({ adapter }: Target, { signed, body }: FuzzedRequest): Record<string, string> {
  if (adapter === undefined || !isSigning(adapter) || signed === 'not') return {};
  const sign = SIGNATURES[adapter];
  if (sign === undefined) throw new Error(`how does ${adapter} sign?`);
  const secret = signed === 'rightly' ? WEBHOOK_SECRET : 'another';
  return sign(
    createHmac('sha256', secret)
      .update(body ?? '')
      .digest('hex'),
  );
}
