import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { AnsweredRequest } from '../../domain/answered-request.ts';
import type { EventBus } from '../../domain/events.ts';
import { measureRequests } from '../requests.ts';
import { countEvents } from './event-metrics.ts';
import { countQuotaHits } from './quota-hits.ts';
import { addServiceGauges, type ServiceSources } from './service-metrics.ts';
import { addStateGauges, type StateSources } from './state-metrics.ts';

export interface Metrics {
  observeRequest(request: AnsweredRequest): void;
  /** The Prometheus text format. Answers within about 1 s, also while Redis is down. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface MetricsDeps extends StateSources, ServiceSources {
  /** The names of the adapters that take alerts in. */
  readonly adapters?: readonly string[];
  readonly events: EventBus;
  /** The name of an integration; undefined where it is gone. */
  readonly nameOf: (integrationId: number) => Promise<string | undefined>;
  /** Of this service, as package.json has it. */
  readonly version: string;
  /** Memory, CPU, event loop, garbage collection; on unless told otherwise. */
  readonly processMetrics?: boolean;
}

/** Gauges whose names end like a counter's, which `promtool check metrics` refuses; each has one by type beside it. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Counts what the events tell since this process started, and measures queue, service and Telegram at each scrape. */
export function createMetrics(deps: MetricsDeps): Metrics {
  const registry = new Registry();
  if (deps.processMetrics ?? true) {
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
  }
  new Gauge({
    name: 'pingui_build_info',
    help: 'Always 1; the label is the version.',
    labelNames: ['version'],
    registers: [registry],
  })
    .labels(deps.version)
    .set(1);
  countEvents(deps, registry);
  countQuotaHits(deps, registry);
  const observeRequest = measureRequests(registry);
  const measure = [addStateGauges(deps, registry), addServiceGauges(deps, registry)];
  return {
    observeRequest,
    async render() {
      await Promise.all(measure.map((one) => one()));
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
