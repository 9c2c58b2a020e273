import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VARIABLES } from '../../src/config/variables/variables.ts';
import { ROOT } from './source-files.ts';

/** What is in the repository or about to be, without what .gitignore names. */
const paths = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));
const texts = paths
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
  .filter(({ text }) => !text.includes('\0'));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

function findAll(form: RegExp, within: (path: string) => boolean = () => true): string[] {
  return texts
    .filter(({ path }) => within(path))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (form.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
}

it('holds what a newcomer looks for', () => {
  for (const path of [
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    '.env.example',
    'Dockerfile',
    '.dockerignore',
    'docker-compose.yml',
    'package-lock.json',
    'docs/architecture.md',
  ]) {
    expect(paths).toContain(path);
  }
  expect(statSync(join(ROOT, '.ci/run')).mode & 0o111).toBe(0o111);
});

it('names no path of the machine on which it was written', () => {
  // Put together here, so that this file does not find itself.
  const folders = ['work', 'root', 'tmp', 'home'].join('|');
  expect(findAll(new RegExp(`(?<![\\w.}>$-])/(?:${folders})/\\w`))).toEqual([]);
});

it('pins its packages exactly, and tells nobody where they were downloaded', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'));
  const versions: string[] = Object.values({ ...dependencies, ...devDependencies });
  expect(versions.filter((version) => !/^(?:npm:[\w-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  expect(read('package-lock.json')).not.toMatch(/"resolved":\s*"https?:/);
});

it('keeps the compiler out of production', () => {
  // valibot (of the board) names typescript as an optional peer: under its own name npm would install it there, 31 MB.
  const { packages } = JSON.parse(read('package-lock.json'));
  expect(Object.keys(packages)).not.toContain('node_modules/typescript');
  expect(packages['node_modules/typescript-compiler']).toMatchObject({ name: 'typescript', dev: true });
  expect(packages['node_modules/esbuild']).toMatchObject({ dev: true });
});

it('holds no secrets and no data', () => {
  const unwanted =
    /(?:^|\/)(?:\.env(?!\.example$)|secrets\/|data\/|backups\/|.*\.(?:db|sqlite|pem|key|aof|rdb|log)$)/;
  expect(paths.filter((path) => unwanted.test(path))).toEqual([]);
});

it('leaves nothing undone and no test out', () => {
  const marks = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|');
  const isCode = (path: string) => /\.(?:ts|mjs|js|sh|html|css)$/.test(path);
  expect(findAll(new RegExp(`\\b(?:${marks})\\b`), isCode)).toEqual([]);
  const out = ['skip', 'only', 'todo', 'skipIf', 'runIf'].join('|');
  const isTest = (path: string) => path.endsWith('.test.ts');
  expect(findAll(new RegExp(`\\b(?:it|test|describe)\\.(?:${out})\\b`), isTest)).toEqual([]);
});

it('documents only npm scripts that exist', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = ['README.md', 'CONTRIBUTING.md', '.ci/run', 'Dockerfile']
    .flatMap((path) => [...read(path).matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)])
    .map(([, name = '']) => name);
  expect(named).not.toEqual([]);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

it('links only to files that exist', () => {
  const broken = texts
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target = '']) => join(path, '..', target))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${path} → ${target}`),
    );
  expect(broken).toEqual([]);
});

it('tries on the other Node what differs between versions: how addresses are tried, and how processes end', () => {
  const [, run = ''] = /^ *gate env PATH=.* run ((?:\\\n|.)*)$/m.exec(read('.ci/run')) ?? [];
  const named = run.split(/[\s\\]+/).filter((word) => word !== '');
  expect(named).toEqual(
    expect.arrayContaining([
      'tests/unit',
      'tests/e2e/npm-start.test.ts',
      'tests/integration/telegram/addresses.test.ts',
    ]),
  );
});

it('names only files of its own that exist, also in comments', () => {
  // A pattern or a part of a template is no name.
  const named = /(?<![\w./-])((?:tests|src|migrations|docs)\/[\w./-]*\w)(?![\w*<{$[-]|\/[*<{$[])/g;
  // A folder, a file without its extension, a decision by its number.
  const isThere = (name: string) =>
    paths.some((path) => path === name || ['/', '.', '-'].some((end) => path.startsWith(name + end)));
  const examples = ['src/bot/features/ping.ts'];
  const broken = texts
    .filter(({ path }) => /\.(?:md|ts|mjs|js|ya?ml|lua)$|^Dockerfile$|^\.ci\//.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(named)]
        .map(([, target = '']) => target)
        .filter((target) => !isThere(target) && !examples.includes(target))
        .map((target) => `${path} → ${target}`),
    );
  expect(broken).toEqual([]);
});

it('lets Docker see the health of every process of its scale profile', () => {
  const services = read('docker-compose.yml').split(/^(?= {2}[a-z][\w-]*:$)/m);
  const byRole = services.filter((text) => /^ +ROLES:/m.test(text));
  const names = byRole.map((text) => text.trim().split(':')[0]);
  expect(names).toEqual(['api', 'worker', 'bot']);
  // The image's health check asks at PORT, which makes every role listen there; no service may take either away.
  const image = read('Dockerfile');
  expect(image).toMatch(/^ENV [^#]*\bPORT=3000\b/m);
  expect(image).toMatch(/^HEALTHCHECK .*\n.*process\.env\.PORT \+ '\/health\/live'/m);
  const unseen = byRole.filter((text) => /healthcheck:|^ +PORT:/m.test(text));
  expect(unseen).toEqual([]);
});

it('passes every setting on to the containers', () => {
  // What the image and the compose file themselves decide; the database is SQLite in the volume, or a secret.
  const decided = ['NODE_ENV', 'ROLES', 'DATA_DIR', 'BACKUP_DIR', 'HOST', 'PORT', 'REDIS_SERVER'];
  const [, block = ''] = /^x-environment: &environment\n((?: .*\n)+)/m.exec(read('docker-compose.yml')) ?? [];
  const passed = [...block.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = '']) => name.replace(/_FILE$/, ''));
  const names = Object.keys(VARIABLES).filter((name) => name !== 'DATABASE_URL');
  expect(passed.toSorted()).toEqual(names.filter((name) => !decided.includes(name)).toSorted());
  expect(read('docker-compose.yml')).toContain('DATABASE_URL_FILE:');
});

it('sets in docker-compose.yml and Dockerfile only variables that the service reads', () => {
  const isKnown = (name: string) => name in VARIABLES || name.replace(/_FILE$/, '') in VARIABLES;
  const compose = read('docker-compose.yml');
  const named = [
    ...compose.matchAll(/^ {2,6}([A-Z][A-Z_]+):/gm),
    ...read('Dockerfile').matchAll(/\b([A-Z_]{6,})=/g),
  ]
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('POSTGRES_'));
  expect(named).toContain('BOT_TOKEN_FILE');
  expect(named).toContain('DATA_DIR');
  expect(named.filter((name) => !isKnown(name))).toEqual([]);
});
