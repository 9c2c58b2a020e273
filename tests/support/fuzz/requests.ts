import fc from 'fast-check';
import { codePoint } from '../code-points.ts';
import { mutated } from './mutations.ts';
import { resolveRef, type Sample, type Target } from './targets.ts';
import { valuesOf } from './values.ts';

/** Whose request it claims to be; `good`: of somebody who may. */
const CREDENTIALS = ['good', 'basic', 'in the query', 'too narrow', 'garbage', 'none'] as const;
export type Credential = (typeof CREDENTIALS)[number];

export interface FuzzedRequest {
  readonly credential: Credential;
  /** Those of the path; a missing one is to be one that exists. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** The body comes in pieces, with no length ahead. */
  readonly isChunked: boolean;
  /** Where a tool signs: by a key with a secret, rightly or wrongly; else by one without. */
  readonly signed: 'rightly' | 'wrongly' | 'not';
}

const JSON_TYPE = 'application/json';
const TYPES = [
  ...[JSON_TYPE, JSON_TYPE, JSON_TYPE, 'application/json; charset=utf-8', 'application/json;charset=utf8'],
  ...['text/plain', 'text/plain; charset=utf-16le', 'text/markdown', '', 'application/octet-stream', 'x'],
  ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'multipart/form-data'],
];

/** Of what a header may hold. */
const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 =?_-;,:/ä"\\'), maxLength: 60 });
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['title', ['db1', '=?UTF-8?B?ZGlzayBmdWxs?=', '=?utf-8?q?=ZZ?=', 'Ã¼']],
  ['priority', ['high', '5', 'u=4, i', 'urgent', '99']],
  ['tags', ['a,b', '#', ',,,']],
  ['at', ['30m', 'tomorrow, 10am', '1e9', '-5m']],
  ['x-sequence-id', ['disk']],
  ['x-github-event', ['push', 'ping', 'workflow_run', 'constructor']],
  ['x-github-delivery', ['1']],
  ['idempotency-key', ['', 'one', 'x'.repeat(300)]],
  ['prefer', ['wait=5', 'wait=', 'wait=999999999, respond-async']],
  ['content-encoding', ['gzip', 'br', 'identity', 'x']],
  ['accept', ['text/html', '*/*']],
  ['x-grafana-alerting-timestamp', ['1', 'x']],
];
const header = fc
  .constantFrom(...HEADERS)
  .chain(([name, values]) =>
    fc.tuple(fc.constant(name), fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, headerText)),
  );

/** Parameters that any call may be given. */
const QUERIES: readonly Readonly<Record<string, string>>[] = [
  ...[{}, {}, {}, { dryRun: 'true' }, { dryRun: 'maybe' }, { title: 'x', priority: '5', tags: 'a,b' }],
  ...[{ message: 'by address\\nx', delay: '30m' }, { key: 'disk' }, { key: 'disk', resolve: 'true' }],
  ...[{ only: 'push,release', branch: 'main' }, { exclude_branch: '*' }, { wait: 'ack', seconds: '1' }],
];

const ODD_PARAMS = [
  '0',
  '-1',
  '999999999999999999999',
  '%00',
  '%zz',
  '%',
  '..%2f..',
  'x'.repeat(43),
  'ä',
  '%F0%9F',
];

/** Requests at an operation: as the document has it, as its tool sends it, these with changes, and noise. */
export function requestsAt(target: Target): fc.Arbitrary<FuzzedRequest> {
  return fc.constantFrom(...(target.samples.length > 0 ? target.samples : [{}])).chain((sample) =>
    fc
      .record({
        credential: weighted(CREDENTIALS, 14),
        params: paramsOf(target),
        query: queryOf(target, sample),
        body: bodyOf(target, sample),
        type: fc.constantFrom(...TYPES),
        cut: fc.nat(100),
        header: fc.option(header, { freq: 1 }),
        isChunked: fc.nat(9).map((chance) => chance === 0),
        signed: fc.constantFrom('rightly' as const, 'rightly' as const, 'wrongly' as const, 'not' as const),
      })
      .map(({ body, type, cut, header: more, ...rest }) => {
        const isMeant = body.asDocumented || cut < 50;
        const contentType = isMeant && body.text === undefined ? JSON_TYPE : type;
        return {
          ...rest,
          headers: {
            ...(contentType === '' ? {} : { 'content-type': contentType }),
            ...sample.headers,
            ...(more === null || body.asDocumented ? {} : { [more[0]]: more[1].trim() }),
          },
          body:
            body.value === NOTHING
              ? undefined
              : written(body.text ?? body.value, contentType, isMeant ? 0 : cut),
        };
      }),
  );
}

const NOTHING = Symbol('no body');

function bodyOf(target: Target, { body, text }: Sample) {
  const meant = body ?? text ?? {};
  const plain = (value: unknown, asDocumented = false) => ({
    value,
    asDocumented,
    text: undefined as string | undefined,
  });
  const noise = fc.oneof(
    fc.string({ unit: codePoint, maxLength: 2_000 }).map((value) => plain(value)),
    fc.jsonValue().map((value) => plain(value)),
    fc
      .constantFrom<unknown>(NOTHING, '', '[]', '{}', 'null', '{"a":', '\uFEFF{"message":"x"}')
      .map((value) => plain(value)),
    fc.nat(40).map((length) => plain({ message: 'x'.repeat(length * 2_700) })),
  );
  if (target.schema === undefined) {
    const nothing = fc.constant(plain(NOTHING, true));
    return target.method === 'GET' ? nothing : fc.oneof({ weight: 4, arbitrary: nothing }, noise);
  }
  const allowed = valuesOf(target.schema, resolveRef);
  const asMeant = text === undefined ? plain(meant, true) : { value: meant, asDocumented: true, text };
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(asMeant) },
    { weight: 3, arbitrary: allowed.map((value) => plain(value, true)) },
    { weight: 4, arbitrary: mutated(meant).map((value) => plain(value)) },
    { weight: 1, arbitrary: allowed.chain(mutated).map((value) => plain(value)) },
    { weight: 1, arbitrary: noise },
  );
}

function paramsOf({ parameters }: Target): fc.Arbitrary<Record<string, string>> {
  const odd = fc.constantFrom(...ODD_PARAMS);
  const names = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  const some = someOf(Object.fromEntries(names.map((name) => [name, odd])));
  return fc.oneof({ weight: 7, arbitrary: fc.constant({}) }, some);
}

function someOf(values: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<Record<string, string>> {
  // With one that may be missing in it: the type is about a record's values.
  return fc
    .record(values, { requiredKeys: [], noNullPrototype: true })
    .map((record) => record as Record<string, string>);
}

function queryOf({ parameters }: Target, sample: Sample): fc.Arbitrary<Record<string, string>> {
  const documented = parameters.filter((one) => one.in === 'query');
  const own = someOf(
    Object.fromEntries(
      documented.map(({ name, schema, example }) => [
        name,
        fc.oneof(valuesOf(schema, resolveRef).map(asText), fc.constantFrom(asText(example ?? 'x'))),
      ]),
    ),
  );
  const known = fc
    .tuple(fc.constantFrom(...QUERIES), own, fc.nat(4))
    .map(([general, special, chance]) => (chance < 2 ? {} : { ...general, ...special }))
    .map((query): Record<string, string> => ({ ...query, ...sample.query }));
  const changed = known.chain(mutated).map(toPairs);
  return fc.oneof({ weight: 3, arbitrary: known }, changed);
}

function toPairs(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asText(one).slice(0, 1_000)]));
}

/** The first of them `times` as often as all others together. */
function weighted<T>(values: readonly T[], times: number): fc.Arbitrary<T> {
  const [first, ...others] = values;
  return fc.oneof(
    { weight: times, arbitrary: fc.constant(first as T) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

/** How a body is written: as JSON, as a form, cut off, or as it is. */
function written(body: unknown, type: string, cut: number): Buffer {
  if (type.startsWith('multipart')) return Buffer.from(toMultipart(body));
  const isForm = type.includes('urlencoded') && typeof body === 'object' && body !== null;
  const text = isForm ? new URLSearchParams(toPairs(body)).toString() : asText(body);
  const bytes = Buffer.from(text, type.includes('utf-16') ? 'utf16le' : 'utf8');
  return cut > 90 ? bytes.subarray(0, Math.floor((bytes.length * (cut - 90)) / 10)) : bytes;
}

function toMultipart(body: unknown): string {
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : [['data', body] as const];
  const parts = fields.map(
    ([name, value]) =>
      `--x\r\nContent-Disposition: form-data; name="${name.replace(/["\r\n]/g, '')}"\r\n\r\n${asText(value)}\r\n`,
  );
  return `${parts.join('')}--x--\r\n`;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
