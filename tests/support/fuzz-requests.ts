import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { AdapterName } from '../../src/ingest/adapters.ts';
import { mutated } from './mutations.ts';

export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

interface Sample {
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

const FOLDER = new URL('../../src/ingest/', import.meta.url);

function samplesOf(adapter: AdapterName): Sample[] {
  const dir = new URL(`${adapter}/fixtures/`, FOLDER);
  return readdirSync(dir)
    .filter((file) => !file.endsWith('.alerts.json'))
    .map((file) => JSON.parse(readFileSync(new URL(file, dir), 'utf8')));
}

/** Of what a header may hold. */
const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 =?_-;,:/\u00e4"\\'), maxLength: 60 });

const TYPES = [
  ...['application/json', 'application/json', 'application/json; charset=utf-8', 'text/plain', ''],
  ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/octet-stream'],
];

/** How a body is written: as JSON, as a form, cut off, or as it is. */
function written(body: unknown, type: string, cut: number): string {
  if (type.startsWith('multipart')) return toMultipart(body);
  const isForm = type.includes('urlencoded') && typeof body === 'object' && body !== null;
  const text = isForm
    ? new URLSearchParams(
        Object.entries(body).map(([name, value]): [string, string] => [name, asText(value)]),
      ).toString()
    : asText(body);
  return cut > 90 ? text.slice(0, Math.floor((text.length * (cut - 90)) / 10)) : text;
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

/** Mutated deliveries of the adapter's tool. @param path of the adapter with a good key */
export function fuzzedDelivery(adapter: AdapterName, path: string): fc.Arbitrary<FuzzedRequest> {
  return fc.constantFrom(...samplesOf(adapter)).chain((sample) =>
    fuzzed(path, sample.body ?? sample.text ?? {}, {
      methods: ['POST', 'POST', 'POST', 'PUT', 'GET'],
      headers: sample.headers ?? {},
      query: sample.query ?? {},
    }),
  );
}

/** Mutated requests of any call. */
export function fuzzed(
  path: string,
  body: unknown,
  more: {
    readonly methods: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
  },
): fc.Arbitrary<FuzzedRequest> {
  return fc
    .record({
      method: fc.constantFrom(...more.methods),
      type: fc.constantFrom(...TYPES),
      body: fc.oneof(
        { weight: 4, arbitrary: mutated(body) },
        fc.string({ unit: 'binary', maxLength: 2_000 }),
        fc.jsonValue(),
      ),
      cut: fc.nat(100),
      query: mutated(more.query ?? {}),
      header: fc.tuple(
        fc.constantFrom('title', 'priority', 'x-github-event', 'tags', 'at', 'x-sequence-id'),
        headerText,
      ),
    })
    .map(({ method, type, body: changed, cut, query, header }) => ({
      method,
      path: withQuery(path, query),
      headers: {
        ...more.headers,
        ...(type === '' ? {} : { 'content-type': type }),
        ...(cut % 3 === 0 ? { [header[0]]: header[1].trim() } : {}),
      },
      body: method === 'GET' ? undefined : written(changed, type, cut),
    }));
}

function withQuery(path: string, query: unknown): string {
  if (typeof query !== 'object' || query === null || Object.keys(query).length === 0) return path;
  const pairs = Object.entries(query).map(([name, value]): [string, string] => [
    name,
    asText(value).slice(0, 1_000),
  ]);
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(pairs)}`;
}
