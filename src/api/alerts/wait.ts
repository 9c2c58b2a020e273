import * as z from 'zod';
import { invalid } from '../../http/json-body.ts';

/** What an answer waits for, and for how many seconds at most; 0: it does not. */
export interface Wait {
  readonly until: 'end' | 'acknowledgement';
  readonly seconds: number;
}

/** Where `?wait=ack` says no `&seconds=`. */
const ACK_SECONDS = 30;

const seconds = (name: string, least: number) => {
  const message = `Send whole seconds, ${least} to 60.`;
  return z
    .string(`Send ${name} only once.`)
    .regex(/^\d{1,2}$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= 60, message);
};
const WaitSchema = seconds('wait', 0);
const AckSecondsSchema = seconds('seconds', 1);

interface Query {
  readonly wait?: unknown;
  readonly seconds?: unknown;
}

/** `?wait=` of GET /api/alerts/:id. @throws AppError invalid_request */
export function readWait(query: Query): Wait {
  const forAcknowledgement = readAckWait(query);
  if (forAcknowledgement !== undefined) return forAcknowledgement;
  if (query.wait === undefined) return { until: 'end', seconds: 0 };
  return { until: 'end', seconds: read(WaitSchema, 'wait', query.wait) };
}

/** `?wait=ack`, alone or with `&seconds=`; undefined where it is not asked for. @throws AppError invalid_request */
export function readAckWait({ wait, seconds: asked }: Query): Wait | undefined {
  if (wait !== 'ack') return undefined;
  return {
    until: 'acknowledgement',
    seconds: asked === undefined ? ACK_SECONDS : read(AckSecondsSchema, 'seconds', asked),
  };
}

function read(schema: typeof WaitSchema, name: string, value: unknown): number {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(result.error.issues.map(({ message }) => ({ path: [name], message })));
}
