import * as z from 'zod';
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { ErrorCode } from '../../domain/errors.ts';
import { PROBLEMS } from '../../http/problems.ts';

// A Record's keys.
const CODES = Object.keys(PROBLEMS) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457, as http/problems.ts writes it. */
export const ProblemSchema = z
  .strictObject({
    type: z.string().meta({ description: 'urn:pingui-alert:problem:<code>' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What to change, for a person.' }),
    code: z.enum(CODES).meta({ description: 'What it is, for a program.' }),
    requestId: z
      .string()
      .meta({ description: 'Also in the header X-Request-Id; it is in the log of the operator.' }),
    errors: z
      .array(z.strictObject({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Each fault of an input, by the dotted path of its field.' }),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused (RFC 9457).' });

const PROBLEM = 'application/problem+json';
const RETRY_AFTER = { 'Retry-After': { schema: { type: 'integer' as const }, description: 'Seconds.' } };

/** What any call may answer. */
const ALWAYS: readonly ErrorCode[] = ['rate_limited', 'internal'];
/** And one that proves its sender. */
export const BY_TOKEN: readonly ErrorCode[] = ['unauthorized', 'scope_missing', 'database_unavailable'];
/** And one with a body. */
export const WITH_BODY: readonly ErrorCode[] = [
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
];
/** And one that takes alerts in. */
export const OF_ALERTS: readonly ErrorCode[] = [
  ...(['chat_mismatch', 'integration_not_active', 'idempotency_mismatch', 'quota_exhausted'] as const),
  ...(['queue_full', 'chat_queue_full', 'schedule_full', 'chat_schedule_full', 'queue_unavailable'] as const),
];

/**
 * The refusals of a call by their status, each code with its example.
 * @param statusOf where a tool is refused with another status
 */
export type Refusals = (
  codes: readonly ErrorCode[],
  statusOf?: (status: number) => number,
) => ZodOpenApiResponsesObject;

/** For one document: calls that are refused alike share a component. */
export function createRefusals(): Refusals {
  const made = new Map<string, ZodOpenApiResponseObject>();

  function shared(status: number, codes: readonly ErrorCode[]): ZodOpenApiResponseObject {
    const id = `Refused-${status}-${codes.join('-')}`;
    const known = made.get(id) ?? { id, ...refusal(status, codes) };
    made.set(id, known);
    return known;
  }

  return (codes, statusOf = (status) => status) => {
    const byStatus = new Map<number, ErrorCode[]>();
    for (const code of new Set([...codes, ...ALWAYS])) {
      const status = statusOf(PROBLEMS[code].status);
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
    }
    const statuses = [...byStatus].sort(([a], [b]) => a - b);
    // The type wants statuses that it knows by name.
    return Object.fromEntries(
      statuses.map(([status, ofStatus]) => [String(status), shared(status, ofStatus.toSorted())]),
    ) as ZodOpenApiResponsesObject;
  };
}

function refusal(status: number, codes: readonly ErrorCode[]): ZodOpenApiResponseObject {
  const examples = codes.map((code) => [code, { value: exampleOf(code, status) }]);
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
    ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
    content: { [PROBLEM]: { schema: ProblemSchema, examples: Object.fromEntries(examples) } },
  };
}

function exampleOf(code: ErrorCode, status: number): Record<string, unknown> {
  return {
    type: `urn:pingui-alert:problem:${code}`,
    title: PROBLEMS[code].title,
    status,
    detail: DETAILS[code] ?? `${PROBLEMS[code].title}.`,
    code,
    requestId: '0b8f3c9e-5f43-4f0e-9a55-3d0a51f9a3c7',
    ...(code === 'invalid_request'
      ? { errors: [{ path: 'message', message: 'This field is required. Send a string.' }] }
      : {}),
  };
}

const DETAILS: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid_request: 'message: This field is required. Send a string.',
  unauthorized: 'The token is missing. Send it as "Authorization: Bearer <token>".',
  quota_exhausted: "This integration has used up today's quota. It resets at 2030-01-31T00:00:00.000Z.",
  rate_limited: 'More than 120 requests in a minute. Wait, then try again.',
};
