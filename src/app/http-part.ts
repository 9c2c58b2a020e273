import type { RequestHandler } from 'express';
import type { HttpListener } from '../api/http-listener.ts';
import { createOpsServer, type OpsDeps } from '../api/ops-server.ts';
import { createApiServer } from '../api/server.ts';
import type { Part } from '../ops/lifecycle.ts';
import { deriveKey } from '../queue/cipher.ts';
import { observeHealth, observeMetrics } from './observation.ts';
import type { Wiring } from './wiring.ts';

/**
 * The HTTP server stops taking requests at once, and cuts those in flight after this part of its share of the stop: of
 * 1.4 s with all roles 1.1 s, in which a request ends whose Redis does not answer (1 s).
 */
const CUT_AFTER = 0.8;

/** The HTTP server at `port`: the API's where this process has that role, else the operator's. */
export function httpPart(wiring: Wiring, port: number): Part {
  const { config, log, running, get } = wiring;
  return {
    name: 'http',
    async start() {
      const ops = await describeOps(wiring);
      running.server = wiring.has('api') ? createApi(wiring, ops) : createOpsServer(ops);
      running.address = await running.server.listen(config.http.host, port);
      log.info({ address: running.address.address, port: running.address.port }, 'HTTP server is listening');
    },
    async stop(shareMs) {
      running.sandbox?.page.close();
      await get('server').close(CUT_AFTER * shareMs);
    },
    stopWeight: 2,
  };
}

/** What both servers serve. The casts: the handlers take less than what Express hands over. */
async function describeOps(wiring: Wiring): Promise<OpsDeps> {
  const { config, running } = wiring;
  return {
    clock: wiring.clock,
    health: observeHealth(wiring),
    metrics: await observeMetrics(wiring),
    logger: wiring.log.child('api'),
    ...(running.updates?.handler === undefined ? {} : { webhook: running.updates.handler as RequestHandler }),
    trustProxy: config.http.trustProxy,
    operator: {
      user: config.admin.user,
      password: wiring.adminPassword,
      sessionKey: deriveKey(wiring.get('secret'), 'operator session v1'),
    },
  };
}

function createApi(wiring: Wiring, ops: OpsDeps): HttpListener {
  const { config, running } = wiring;
  const { alerts, integrations, tokens, cipher, alertJobs, maintenanceJobs } = wiring.get('useCases');
  return createApiServer({
    ...ops,
    alerts,
    integrations,
    tokens,
    events: wiring.events,
    hashChat: cipher.hashChat,
    redis: wiring.get('redis').fast,
    queues: { alerts: alertJobs, maintenance: maintenanceJobs },
    // Nobody can tell yet: the board says what it knows from the queue.
    whyWaiting: async (waiting) => waiting.map(() => null),
    ...(running.sandbox === undefined ? {} : { sandbox: running.sandbox.page.handle as RequestHandler }),
    timeZone: config.timeZone,
    rateLimitPerMinute: config.http.rateLimitPerMinute,
    queuePrefix: config.redis.prefix,
  });
}
