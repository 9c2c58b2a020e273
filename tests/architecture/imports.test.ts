import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSource, ROOT, readSources, type SourceFile } from './source-files.ts';

const sources = readSources();

interface Rule {
  /** Parts whose code may be used. */
  readonly code: readonly string[];
  /** Parts of which only types may be used: they vanish at compile time. */
  readonly types: readonly string[];
}

const ADAPTER: Rule = { code: ['domain', 'async'], types: ['services'] };
const EDGE: Rule = { code: ['services', 'domain', 'async', 'http', 'crypto'], types: [] };

/** The table of docs/architecture.md: what each folder of src/, and main.ts, may use. */
const RULES: Readonly<Record<string, Rule>> = {
  domain: { code: [], types: [] },
  async: { code: [], types: [] },
  config: { code: ['domain'], types: [] },
  services: { code: ['domain', 'async'], types: ['crypto'] },
  crypto: ADAPTER,
  db: { ...ADAPTER, types: ['services', 'config'] },
  redis: { code: ['async'], types: ['config'] },
  queue: { ...ADAPTER, types: ['services', 'redis'] },
  telegram: ADAPTER,
  ops: ADAPTER,
  http: { code: ['domain', 'async'], types: ['services'] },
  ingest: { code: ['domain'], types: [] },
  api: { ...EDGE, code: [...EDGE.code, 'ingest'] },
  admin: EDGE,
  bot: EDGE,
  sandbox: { code: ['async'], types: ['domain', 'services'] },
  app: {
    code: ['domain', 'async', 'services', 'crypto', 'db', 'redis', 'queue', 'telegram', 'ops', 'http'].concat(
      ['api', 'admin', 'bot', 'sandbox', 'ingest'],
    ),
    types: ['config'],
  },
  cli: { code: ['app', 'config', 'db', 'domain', 'ops', 'services'], types: [] },
  main: { code: ['app', 'cli', 'config', 'ops'], types: [] },
};

/** The migrations are part of the database layer, though they lie outside of src. */
const partOf = (path: string) =>
  path.startsWith('../migrations/') ? 'db' : (path.split('/')[0]?.replace(/\.ts$/, '') ?? '');

function findBreaches(file: SourceFile): string[] {
  const own = partOf(file.path);
  const rule = RULES[own];
  if (rule === undefined) return [`${file.path}: there is no rule for the part ${own}`];
  return file.imports
    .filter(({ isOurs, isType, target }) => {
      const part = partOf(target);
      return isOurs && part !== own && !rule.code.includes(part) && !(isType && rule.types.includes(part));
    })
    .map(({ target }) => `${file.path} imports ${target}`);
}

describe('imports go one way', () => {
  it('in every file of src', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.flatMap(findBreaches)).toEqual([]);
  });

  it('and the rule is seen to be broken where it is', () => {
    const breachesOf = (path: string, text: string) => findBreaches(parseSource(path, text));
    expect(breachesOf('domain/a.ts', "import { b } from '../services/b.ts';")).toHaveLength(1);
    expect(breachesOf('db/a.ts', "import { b } from '../services/b.ts';")).toHaveLength(1);
    expect(breachesOf('db/a.ts', "import {\n  type B,\n  c,\n} from '../services/b.ts';")).toHaveLength(1);
    expect(breachesOf('db/a.ts', "import { type B } from '../services/b.ts';")).toEqual([]);
    expect(breachesOf('db/a.ts', "import type { B } from '../services/b.ts';")).toEqual([]);
    expect(breachesOf('api/routes/a.ts', "export { b } from '../../db/b.ts';")).toHaveLength(1);
    expect(breachesOf('api/a.ts', "const b = await import('../queue/b.ts');")).toHaveLength(1);
    expect(breachesOf('bot/a.ts', "import '../queue/b.ts';")).toHaveLength(1);
    expect(breachesOf('bot/a.ts', "// import '../queue/b.ts';")).toEqual([]);
  });

  it('without cycles', () => {
    expect(findCycles(sources)).toEqual([]);
    const loop = [
      parseSource('a.ts', "import { b } from './b.ts';"),
      parseSource('b.ts', "import type { A } from './a.ts';"),
    ];
    expect(findCycles(loop)).toEqual(['a.ts → b.ts → a.ts']);
  });

  it('as docs/architecture.md says: its table names every part', () => {
    const table = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const unnamed = [...new Set(sources.map(({ path }) => partOf(path)))].filter(
      (part) => !new RegExp(`\\\`src/${part}(\\.ts)?\\\``).test(table),
    );
    expect(unnamed).toEqual([]);
  });
});

/** Each cycle once, as a path. Types count too: files that need each other's types are one idea in two places. */
function findCycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const { isOurs, target } of byPath.get(path)?.imports ?? [])
      if (isOurs) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

describe('source files', () => {
  const findAll = (form: RegExp, except: (path: string) => boolean = () => false) =>
    sources.flatMap(({ path, code }) => {
      if (except(path)) return [];
      return code.split('\n').flatMap((line) => (form.test(line) ? [`${path}: ${line.trim()}`] : []));
    });

  it('leave the process to main.ts', () => {
    const isMain = (path: string) => path === 'main.ts';
    // nextTick is the event loop's, as setImmediate is.
    expect(
      findAll(
        /(?<![\w./-])process(?:\.(?!nextTick\b)[a-z]|\[)|globalThis\.process|['"](?:node:)?process['"]/,
        isMain,
      ),
    ).toEqual([]);
  });

  it('do not write to the console', () => {
    expect(findAll(/(?<![\w.])console\.[a-z]/)).toEqual([]);
  });

  it('have no default exports, but for declarations of packages that have them', () => {
    expect(findAll(/\bexport\s+default\b|\bas\s+default\b/, (path) => path.endsWith('.d.ts'))).toEqual([]);
  });

  it('have names in kebab-case, and none that says nothing', () => {
    const names = sources.map(({ path }) => path.split('/').at(-1) ?? '');
    expect(names.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.d)?\.ts$/.test(name))).toEqual([]);
    expect(names.filter((name) => /^(?:utils?|helpers?|common|manager|index|misc)\.ts$/.test(name))).toEqual(
      [],
    );
  });

  it('use packages that package.json lists', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const unlisted = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ isOurs, target }) => !isOurs && !isBuiltin(target))
        .filter(({ target, isType }) => {
          const name = target.split('/', target.startsWith('@') ? 2 : 1).join('/');
          return (
            !(name in dependencies) &&
            !(isType && (name in devDependencies || `@types/${name}` in devDependencies))
          );
        })
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(unlisted).toEqual([]);
  });
});

it('a client address is read in one place, which takes off ports and groups networks', () => {
  const readers = readSources().filter(({ code }) => /\.ips?\b|remoteAddress|ipKeyGenerator/.test(code));
  expect(readers.map(({ path }) => path)).toEqual(['http/client-address.ts']);
});
