import * as z from 'zod';
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import type { Adapter } from '../../ingest/adapter.ts';
import { ADAPTER_NAMES, ADAPTERS } from '../../ingest/adapters.ts';
import { DeliveryAnswer, PreviewAnswer } from './answers.ts';
import { BY_TOKEN, OF_ALERTS, type Refusals, WITH_BODY } from './refusals.ts';

const KEY = z.object({
  key: z.string().meta({ description: 'A capability key of this adapter.', example: 'x'.repeat(43) }),
});

const DELIVERY_EXAMPLE = { alerts: [{ id: '0197a4c2-5b1e-7c3a-9f0d-2f6f3f1b9a10', status: 'queued' }] };

/** Every address of every adapter. */
export function adapterPaths(refusals: Refusals): ZodOpenApiPathsObject {
  const all = ADAPTER_NAMES.flatMap((name) => {
    const adapter: Adapter = ADAPTERS[name];
    return adapter.paths.map((path, index) => [
      `/api/in/${name}${path.replace(':key', '{key}')}`,
      Object.fromEntries(
        adapter.methods.map((method) => [
          method.toLowerCase(),
          operation(name, adapter, { path, index, method, refusals }),
        ]),
      ),
    ]);
  });
  return Object.fromEntries(all);
}

function operation(
  name: string,
  adapter: Adapter,
  { path, index, method, refusals }: { path: string; index: number; method: string; refusals: Refusals },
): ZodOpenApiOperationObject {
  const example = { delivery: { value: adapter.example } };
  return {
    operationId: [name, method.toLowerCase(), String(index)].join('-'),
    summary: `Take in what ${name} sends`,
    tags: ['tools'],
    ...(path.includes(':key') ? { requestParams: { path: KEY }, security: [] } : {}),
    ...(method === 'GET'
      ? {}
      : { requestBody: { content: { 'application/json': { schema: adapter.schema, examples: example } } } }),
    responses: { ...answers(adapter), ...refused(adapter, refusals) },
  };
}

function answers(adapter: Adapter): ZodOpenApiResponsesObject {
  const own = adapter.answers;
  return {
    '200': {
      description:
        own === undefined ? 'With `?dryRun=true`: what would be sent.' : 'Taken in, or what would be sent.',
      content: {
        'application/json': {
          schema: own === undefined ? PreviewAnswer : z.union([own.taken, PreviewAnswer]),
        },
      },
    },
    '202': {
      description: 'Taken in, or nothing that is an alert.',
      content: {
        'application/json': { schema: DeliveryAnswer, examples: { taken: { value: DELIVERY_EXAMPLE } } },
      },
    },
  };
}

/** A refusal in the tool's own form; it is no longer what others share. */
function inOwnForm(
  { id: _, ...rest }: ZodOpenApiResponseObject,
  schema: z.ZodType,
): ZodOpenApiResponseObject {
  return { ...rest, content: { 'application/json': { schema } } };
}

function refused({ isPatient, answers: own }: Adapter, refusals: Refusals): ZodOpenApiResponsesObject {
  const codes = refusals([...BY_TOKEN, ...WITH_BODY, ...OF_ALERTS], (status) =>
    isPatient && status === 429 ? 503 : status,
  );
  const form = own?.refused;
  if (form === undefined) return codes;
  // The types want statuses that they know by name; refusals gives no references.
  return Object.fromEntries(
    Object.entries(codes).map(([status, response]) => [
      status,
      inOwnForm(response as ZodOpenApiResponseObject, form),
    ]),
  ) as ZodOpenApiResponsesObject;
}
