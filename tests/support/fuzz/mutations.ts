import fc from 'fast-check';
import { codePoint } from '../code-points.ts';

/** Values that no program should send, and some do. */
const ODD: readonly unknown[] = [
  ...[null, '', 0, -1, 1e308, true, false, [], {}, [[]], [null], '\u0000', '\uD83D', '💥'.repeat(50)],
  ...[
    '9'.repeat(400),
    '{{ x }}',
    '<b>',
    '__proto__',
    'https://',
    'javascript:alert(1)',
    '0001-01-01T00:00:00Z',
  ],
];

const odd = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ODD) },
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: codePoint, maxLength: 300 }),
);

interface Mutation {
  /** Chooses a place; modulo the number of places. */
  readonly at: number;
  readonly how: 'replace' | 'delete' | 'double' | 'rename' | 'wrap';
  readonly value: unknown;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'delete', 'double', 'rename', 'wrap'),
  value: odd,
});

/** A value of JSON with one to four places changed. */
export function mutated(seed: unknown): fc.Arbitrary<unknown> {
  return fc.array(mutation, { minLength: 1, maxLength: 4 }).map((mutations) => {
    const holder = { root: structuredClone(seed) };
    for (const one of mutations) apply(holder, one);
    return holder.root;
  });
}

type Container = Record<string, unknown>;

function apply(holder: Container, { at, how, value }: Mutation): void {
  const places = placesOf(holder);
  const place = places[at % places.length];
  if (place === undefined) return;
  const { of, name } = place;
  switch (how) {
    case 'replace':
      set(of, name, structuredClone(value));
      break;
    case 'delete':
      if (Array.isArray(of)) of.splice(Number(name), 1);
      else delete of[name];
      break;
    case 'double':
      if (Array.isArray(of)) of.push(structuredClone(of[Number(name)]));
      else set(of, `${name}2`, structuredClone(of[name]));
      break;
    case 'rename':
      set(of, (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 40), of[name]);
      break;
    default:
      set(of, name, [of[name]]);
  }
}

/** Also `__proto__`, as JSON would. */
function set(of: Container, name: string, value: unknown): void {
  Object.defineProperty(of, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Every member of every object and list. */
function placesOf(of: Container): { of: Container; name: string }[] {
  return Object.keys(of).flatMap((name) => {
    const value = of[name];
    const own = { of, name };
    return typeof value === 'object' && value !== null ? [own, ...placesOf(value as Container)] : [own];
  });
}
