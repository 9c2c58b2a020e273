import type * as z from 'zod';
import type { AlertFormat } from '../domain/alert.ts';
import type { Resolve } from '../domain/incident.ts';
import type { Link } from './text/link.ts';

/** What a tool sent, taken apart: nothing of HTTP is left but names and values. */
export interface Delivery<O = Readonly<Record<string, unknown>>> {
  /** The JSON value, the fields of a form, the text as it came; undefined without a body. */
  readonly body: unknown;
  /** The body as it came. */
  readonly text: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** What the capability key was made with; none without a key. */
  readonly options: O;
}

/** The fields of POST /api/alert that adapters fill; the same schema checks and cuts them. */
export interface IngestAlert {
  readonly title?: string | undefined;
  readonly message: string;
  readonly format?: AlertFormat | undefined;
  /** Also by the names and numbers that POST /api/alert takes. */
  readonly priority?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Buttons below the message, four at most. */
  readonly links?: readonly Link[] | undefined;
  /** A time, or a time from now, as senders write it. */
  readonly deliverAt?: string | undefined;
  readonly key?: string | undefined;
  readonly resolve?: Resolve | undefined;
  /** Of the delivery: one that comes again within minutes is the same alert. */
  readonly idempotencyKey?: string | undefined;
}

/** What a delivery comes to. `ignored`: a sentence that says why there is no alert. */
export type Reading = { readonly alerts: readonly IngestAlert[] } | { readonly ignored: string };

export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A tool's own form of an answer: JSON. */
export type Answer = Readonly<Record<string, unknown>>;

/** What a tool is told of an alert that was taken in. `now`: epoch milliseconds. */
export interface Taken extends Pick<Delivery, 'body' | 'headers' | 'query'> {
  readonly id: string;
  readonly alert: IngestAlert;
  readonly now: number;
}

/** What is known of a refusal. */
export interface Refusal {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** Proves that a delivery was signed with the secret. */
export type Verify = (
  rawBody: Uint8Array,
  delivery: Pick<Delivery, 'headers'>,
  secret: string,
  now: number,
) => boolean;

export interface Adapter {
  /** What a key of it may be given. */
  readonly options: z.ZodObject;
  /** What is read of a delivery: documented, and checked. */
  readonly schema: z.ZodType;
  /** A delivery, for the documentation. */
  readonly example: unknown;
  /** Methods that the tool uses. */
  readonly methods: readonly ('POST' | 'PUT' | 'GET')[];
  /** Where it sends, below /api/in/<name>; the key, if it is in the path, is `:key`. */
  readonly paths: readonly string[];
  /** Where a tool with this key sends, below /api/in/<name>. */
  address(key: string): string;
  /** `credential` needs the body. */
  readonly isKeyInBody?: true;
  /** Where the tool puts its credential, beside the places that all share. */
  credential?(delivery: Pick<Delivery, 'headers' | 'query' | 'body'>): string | undefined;
  readonly verify?: Verify;
  read(delivery: Delivery): Reading | { readonly faults: readonly Fault[] };
  /** The answer that the tool knows, with 200; else that of all. */
  answer?(taken: Taken): Answer;
  /** What `answer` and `refuse` give, for the documentation. */
  readonly answers?: { readonly taken: z.ZodType; readonly refused?: z.ZodType };
  /** The refusal that the tool knows; else a problem document. */
  refuse?(refusal: Refusal): Answer;
  /** It gives up on a 429, and tries again after a 503. */
  readonly isPatient?: true;
}

/**
 * An adapter of a schema and a pure mapping. `pick`: where in the delivery the schema's value is; default: its body.
 */
export function defineAdapter<T, O extends z.ZodObject>(
  adapter: Partial<Omit<Adapter, 'read' | 'schema' | 'options' | 'example'>> & {
    readonly example: unknown;
    readonly schema: z.ZodType<T>;
    readonly options: O;
    pick?(delivery: Delivery): unknown;
    map(body: T, delivery: Delivery<Partial<z.output<O>>>): Reading;
  },
): Adapter & { readonly options: O } {
  const { map, pick, ...rest } = adapter;
  return {
    methods: ['POST'],
    paths: ['', '/:key'],
    address: (key) => `/${key}`,
    ...rest,
    read(delivery) {
      const parsed = adapter.schema.safeParse(pick === undefined ? delivery.body : pick(delivery));
      if (!parsed.success) return { faults: parsed.error.issues };
      // Checked when the key was made; without a key there are none.
      const options = delivery.options as Partial<z.output<O>>;
      return map(parsed.data, { ...delivery, options });
    },
  };
}
