import type { AddressInfo } from 'node:net';
import type { RequestHandler } from 'express';
import { deriveKey } from '../crypto/payload-cipher.ts';
import { clientOf } from '../http/client-address.ts';
import type { HttpListener } from '../http/listener.ts';
import { createPreview } from '../services/alerts/preview.ts';
import { type AlertRenderer, createRenderer } from '../telegram/render/renderer.ts';
import { type Observation, type ObservedParts, startObservation } from './observation.ts';
import type { RedisConnections } from './redis.ts';
import type { Sandbox } from './sandbox.ts';
import { type ApiServerDeps, createApiServer, createOpsServer, type OpsServerDeps } from './servers.ts';
import { readVersion } from './version.ts';

/**
 * The HTTP server stops taking requests at once, and cuts those in flight after this part of its share of the stop: of
 * 1.4 s with all roles 1.1 s, in which a request ends whose Redis does not answer (1 s).
 */
const CUT_AFTER = 0.8;

/** What this process has for its HTTP server to show and to serve. */
interface ServedParts extends ObservedParts {
  readonly secret: string;
  /** Undefined: no operator pages. */
  readonly adminPassword: string | undefined;
  readonly redis: RedisConnections;
  readonly sandbox: Sandbox | undefined;
  /** This service's own address. */
  readonly url: () => string;
}

interface StartedHttp {
  readonly address: AddressInfo;
  stop(shareMs: number): Promise<void>;
}

/** The HTTP server at `port`: the API's where this process has that role, else the operator's. */
export async function startHttp(port: number, parts: ServedParts): Promise<StartedHttp> {
  const { config, log, has } = parts.context;
  const observation = await startObservation(parts);
  const ops = describeOps(parts, observation);
  // For previews; its thread begins with the first text that needs it.
  const renderer = createRenderer();
  const server = has('api') ? createApi(parts, ops, renderer) : createOpsServer(ops);
  const address = await server.listen(config.http.host, port).catch((error: unknown) => {
    observation.stop();
    throw bindError(error, config.http.host, port);
  });
  log.info({ address: address.address, port: address.port }, 'HTTP server is listening');
  return {
    address,
    async stop(shareMs) {
      observation.stop();
      parts.sandbox?.page.close();
      await server.close(CUT_AFTER * shareMs);
      await renderer.close();
    },
  };
}

/** Why the server cannot listen, as the operator reads it: these are faults of HOST and PORT. */
function bindError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const say = (message: string) => new Error(message, { cause: error });
  switch (code) {
    case 'EADDRINUSE':
      return say(
        `Port ${port} on ${host} is in use by another program: stop that one, or set PORT to another port (0 picks a free one)`,
      );
    case 'EACCES':
      return say(`PORT ${port} is not open to this user: set PORT to one above 1023, behind a proxy`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return say('HOST names no address of this machine: set it to 127.0.0.1, 0.0.0.0 or one of its own');
    default:
      return error;
  }
}

/** What both servers serve. The casts: the handlers take less than what Express hands over. */
function describeOps(parts: ServedParts, { health, metrics, observeRequest }: Observation): OpsServerDeps {
  const { context, updates } = parts;
  const { config, clock, log } = context;
  return {
    clock,
    health,
    metrics,
    observeRequest,
    logger: log.child('api'),
    ...(updates?.handler === undefined ? {} : { webhook: updates.handler as RequestHandler }),
    trustProxy: config.http.trustProxy,
    publicUrl: config.publicUrl,
    reportRefusal: (kind, req) => {
      const client = parts.core.cipher.hashClient(clientOf(req));
      context.events.emit('access.refused', { kind, client, requestId: req.requestId });
    },
    operator: {
      user: config.admin.user,
      password: parts.adminPassword,
      sessionKey: deriveKey(parts.secret, 'operator session v1'),
    },
  };
}

function describeOverview({ context, core }: ServedParts): ApiServerDeps['overview'] {
  const { config } = context;
  return {
    ...{ version: readVersion(), timeZone: config.timeZone, limits: config.queue },
    ...{ statistics: core.statistics, glance: core.glance },
    ...{ countQueue: core.queue.counts, motion: core.motion, processes: core.processes },
    ...{ jobHistory: core.jobRuns.history, nextRuns: core.nextRuns },
  };
}

function createApi(parts: ServedParts, ops: OpsServerDeps, renderer: AlertRenderer): HttpListener {
  const { context, core, sandbox } = parts;
  const { config } = context;
  const { alerts, integrations, keys, tokens, alertJobs, updateJobs, maintenanceJobs } = core;
  return createApiServer({
    ...ops,
    alerts,
    preview: createPreview({
      ...core,
      ...renderer,
      integrations: core.repository,
      chats: core.chatRepository,
      clock: context.clock,
    }),
    integrations,
    keys,
    tokens,
    setUps: core.setUps,
    serviceUrl: parts.url,
    redis: parts.redis.fast,
    queues: { alerts: alertJobs, updates: updateJobs, maintenance: maintenanceJobs },
    whyWaiting: core.whyWaiting,
    lookUp: core.lookUp,
    overview: describeOverview(parts),
    liftFloodWait: core.liftFloodWait,
    reportIgnored: (adapter, requestId) => context.events.emit('delivery.ignored', { adapter, requestId }),
    isPaused: () => alertJobs.isPaused(),
    ...(sandbox === undefined ? {} : { sandbox: sandbox.page.handle as RequestHandler }),
    version: readVersion(),
    timeZone: config.timeZone,
    rateLimitPerMinute: config.http.rateLimitPerMinute,
    queuePrefix: config.redis.prefix,
  });
}
