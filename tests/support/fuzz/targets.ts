import { readdirSync, readFileSync } from 'node:fs';
import { createApiDocument } from '../../../src/api/openapi/document.ts';
import { type AdapterName, isAdapterName } from '../../../src/ingest/adapters.ts';
import type { Schema } from './values.ts';

/** What stands in an adapter's folder: a request of its tool. */
export interface Sample {
  readonly body?: unknown;
  /** Where it is not the body's JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** An operation of the API's document: a method at an address. */
export interface Target {
  /** As in "POST /api/alert". */
  readonly name: string;
  readonly id: string;
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  /** Undefined: not one of a tool's. */
  readonly adapter: AdapterName | undefined;
  /** Of its JSON; undefined: it takes no body. */
  readonly schema: Schema | undefined;
  /** What the document shows, and what the tools really send. */
  readonly samples: readonly Sample[];
  readonly parameters: readonly Parameter[];
}

interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly schema: Schema;
  readonly example?: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { readonly schema: Schema; readonly example?: unknown; readonly examples?: Examples }>
    >;
  };
}
type Examples = Readonly<Record<string, { readonly value: unknown }>>;

/** Loose, because it is walked by names. */
const document = JSON.parse(JSON.stringify(createApiDocument('0.0.0')));

/** What a `$ref` of the document names. */
export const resolveRef = (ref: string): Schema =>
  ref
    .slice(2)
    .split('/')
    .reduce((value, name) => value?.[name], document);

/** Every operation of the document: what is added there is fuzzed. */
export function allTargets(): Target[] {
  const paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = document.paths;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => toTarget(path, method.toUpperCase(), operation)),
  );
}

function toTarget(path: string, method: string, operation: Operation): Target {
  const adapter = /^\/api\/in\/([^/]+)/.exec(path)?.[1];
  const json = operation.requestBody?.content['application/json'];
  const shown = [json?.example, ...Object.values(json?.examples ?? {}).map(({ value }) => value)];
  const documented = shown.filter((body) => body !== undefined).map((body) => ({ body }));
  const known = adapter !== undefined && isAdapterName(adapter) ? adapter : undefined;
  const samples: Sample[] = [...documented, ...(known === undefined ? [] : fixturesOf(known))];
  const inAddress = samples.filter(({ query }) => query !== undefined);
  return {
    ...{ name: `${method} ${path}`, id: operation.operationId, method, path, adapter: known },
    schema: json?.schema,
    samples: method === 'GET' ? inAddress : samples,
    parameters: operation.parameters ?? [],
  };
}

function fixturesOf(adapter: AdapterName): Sample[] {
  const dir = new URL(`../../../src/ingest/${adapter}/fixtures/`, import.meta.url);
  return readdirSync(dir)
    .filter((file) => !file.endsWith('.alerts.json'))
    .map((file) => JSON.parse(readFileSync(new URL(file, dir), 'utf8')));
}
