import { type Request, type RequestHandler, type Response, Router } from 'express';
import { isKeyForm } from '../../domain/capability-key.ts';
import { AppError } from '../../domain/errors.ts';
import { invalid } from '../../http/json-body.ts';
import { allowOnly } from '../../http/method-not-allowed.ts';
import type { Adapter, IngestAlert, Reading } from '../../ingest/adapter.ts';
import { ADAPTER_NAMES, ADAPTERS } from '../../ingest/adapters.ts';
import type { IntegrationService } from '../../services/integrations/integrations.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { Incoming, Ingest, Outcome } from '../alerts/ingest.ts';
import { authenticatedOf } from '../auth/request-context.ts';
import { presentDelivery } from '../presenters.ts';
import { createDeliveryReader, deliveredOf, headersOf, queryOf } from './read-delivery.ts';
import { createToRequest } from './to-request.ts';

declare global {
  namespace Express {
    interface Request {
      /** What an adapter has made of the request. */
      taken?: Taken;
    }
  }
}

interface Taken {
  readonly alerts: readonly IngestAlert[];
  readonly incoming: readonly Incoming[];
  readonly ignored: string | undefined;
  readonly warnings: readonly string[];
}

interface AdapterDeps {
  readonly ingest: Ingest;
  readonly limit: RequestHandler;
  readonly integrations: Pick<IntegrationService, 'authenticate'>;
  readonly reportIgnored: (adapter: string, requestId: string) => void;
  readonly clock: Clock;
}

/** /<adapter> of every adapter, to be mounted below /api/in. */
export function createAdapterRoutes(deps: AdapterDeps): Router {
  const router = Router();
  const toRequest = createToRequest(deps.clock);
  for (const name of ADAPTER_NAMES) addRoutes(router, name, ADAPTERS[name], { ...deps, toRequest });
  return router;
}

/** What all adapters share. */
interface Shared extends AdapterDeps {
  readonly toRequest: ReturnType<typeof createToRequest>;
}

function addRoutes(router: Router, name: string, adapter: Adapter, deps: Shared): void {
  const readBody = createDeliveryReader();
  const handlers = deps.ingest({
    adapter: name,
    keyOf: (req) => keyInPath(req) ?? adapter.credential?.(partsOf(req)),
    ...(adapter.isKeyInBody ? { first: [readBody] } : {}),
    read: [readBody, createVerify(adapter, deps.clock), createTake(name, adapter, deps)],
    alertsOf: (req) => takenOf(req).incoming,
    warningsOf: (req) => takenOf(req).warnings,
    answer: (req, res, outcomes) => answer(req, res, { adapter, outcomes, now: deps.clock.now() }),
  });
  const setForm: RequestHandler = (req, _res, next) => {
    req.problemForm = {
      isPatient: adapter.isPatient,
      ...(adapter.refuse === undefined ? {} : { body: adapter.refuse }),
    };
    next();
  };
  // Also of what Express itself refuses before a route is found.
  router.use(`/${name}`, setForm);
  for (const path of adapter.paths) {
    const route = router.route(`/${name}${path}`);
    const refuse = allowOnly(adapter.methods);
    // Express would answer it by GET, and somebody who only looks at an address must not send.
    route.head(deps.limit, refuse);
    for (const method of adapter.methods) {
      const add = { POST: 'post', PUT: 'put', GET: 'get' } as const;
      route[add[method]](...handlers);
    }
    route.all(deps.limit, refuse);
  }
}

/** With a credential in the header the path may say anything, as ntfy's topics do. */
function keyInPath(req: Request): string | undefined {
  const key = req.params.key;
  if (typeof key !== 'string' || (!isKeyForm(key) && req.headers.authorization !== undefined))
    return undefined;
  return key;
}

/** Where its key has a secret, only what is signed with it is the tool's. */
function createVerify(adapter: Adapter, clock: Clock): RequestHandler {
  return (req, _res, next) => {
    const secret = req.key?.options.secret;
    if (typeof secret !== 'string') return next();
    const { raw } = deliveredOf(req);
    if (adapter.verify?.(raw, { headers: headersOf(req) }, secret, clock.now())) return next();
    next(
      new AppError(
        'unauthorized',
        'The signature is missing, or is not that of this body: set the secret of this key as the secret of the webhook.',
      ),
    );
  };
}

/** Reads the delivery; its faults are a refusal, an event without an alert is proved here, since no accept will. */
function createTake(name: string, adapter: Adapter, deps: Shared): RequestHandler {
  return async (req, _res, next) => {
    const reading = adapter.read({ ...partsOf(req), options: req.key?.options ?? {} });
    if ('faults' in reading) return next(invalid(reading.faults));
    if ('ignored' in reading) await ignore(name, req, deps);
    req.taken = take(reading, deps.toRequest);
    next();
  };
}

async function ignore(name: string, req: Request, deps: AdapterDeps): Promise<void> {
  if (req.key === undefined) {
    const { claims, tokenHash } = authenticatedOf(req);
    await deps.integrations.authenticate(claims, tokenHash);
  }
  deps.reportIgnored(name, req.requestId);
}

function take(reading: Reading, toRequest: Shared['toRequest']): Taken {
  if ('ignored' in reading) return { alerts: [], incoming: [], ignored: reading.ignored, warnings: [] };
  const read = reading.alerts.map((alert) => ({ alert, ...toRequest(alert) }));
  const incoming = read.map(({ alert: { idempotencyKey }, input }) => ({
    request: input,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: { derived: idempotencyKey } }),
  }));
  const warnings = read.flatMap((one) => one.warnings);
  return { alerts: reading.alerts, incoming, ignored: undefined, warnings };
}

function answer(
  req: Request,
  res: Response,
  { adapter, outcomes, now }: { adapter: Adapter; outcomes: readonly Outcome[]; now: number },
): void {
  const { alerts, ignored, warnings } = takenOf(req);
  const [alert] = alerts;
  const [outcome] = outcomes;
  if (outcomes.some((one) => one !== 'ignored' && one.replayed))
    res.setHeader('Idempotency-Replayed', 'true');
  if (adapter.answer !== undefined && alert !== undefined && outcome !== undefined && outcome !== 'ignored') {
    res.status(200).json(adapter.answer({ id: outcome.id, alert, now, ...partsOf(req) }));
    return;
  }
  res.status(202).json(presentDelivery(outcomes, ignored, warnings));
}

function partsOf(req: Request) {
  return {
    body: req.delivered?.body,
    text: req.delivered?.text ?? '',
    headers: headersOf(req),
    query: queryOf(req),
  };
}

function takenOf(req: Request): Taken {
  if (req.taken === undefined) throw new Error('the delivery was not read');
  return req.taken;
}
