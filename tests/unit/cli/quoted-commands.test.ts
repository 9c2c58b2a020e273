import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { callCommand } from '../../support/call-command.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8');
const filesBelow = (folder: string, end: string) =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(end))
    .map((path) => `${folder}/${path}`);
const DOCS = [...filesBelow('docs', '.md'), 'README.md', 'CONTRIBUTING.md'];
const TABLE = /^\| command .*\n\|[- |]+\n((?:\|.*\n)+)/m.exec(read('docs/operations.md'))?.[1] ?? '';

/** What follows `pingui` in code: on a line of a block after `npx`, or in backticks. */
function quotedIn(text: string): string[] {
  const quotes = [...text.matchAll(/\bnpx pingui ([^`'\n]+)|`pingui ([^`'\n]+)`/g)];
  return quotes.map(([, inBlock, inLine]) => (inBlock ?? inLine ?? '').replace(/\s[#|].*$/, ''));
}

/** What is wrong with a command line as a text quotes it; undefined: nothing. */
function faultOf(line: string): string | undefined {
  const words = line.split(/\s+/).map((word) => word.replace(/^\[|\]$/g, ''));
  // `pingui …` and `pingui <command> --help` speak of all of them.
  if (['…', '<command>', '--help'].includes(words[0] ?? '')) return undefined;
  const called = COMMANDS.filter(({ name }) => `${words.join(' ')} `.startsWith(`${name} `));
  const spec = called.sort((a, b) => b.name.length - a.name.length)[0];
  if (spec === undefined) return `${line}: no such command`;
  const options = new Map((spec.options ?? []).map(({ form }) => [form.split(' ')[0], form.includes('<')]));
  options.set('--json', false);
  const rest = words.slice(spec.name.split(' ').length).filter((word) => word !== '');
  let args = 0;
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index] ?? '';
    if (!word.startsWith('-')) args += 1;
    else if (!options.has(word)) return `${line}: no option ${word}`;
    else if (options.get(word)) index += 1;
  }
  return args > (spec.args?.length ?? 0) ? `${line}: too many arguments` : undefined;
}

/** The commands of the manual's table; `show <id>`, `revoke <id>` … share the first one's group. */
function commandsOfTable(): string[] {
  return TABLE.split('\n').flatMap((row) => {
    const spans = [...(row.split(/(?<!\\)\|/)[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
    const [group = ''] = spans[0]?.split(' ') ?? [];
    return spans.map((span) => (faultOf(span)?.includes('no such') ? `${group} ${span}` : span));
  });
}

describe('the commands that texts quote', () => {
  it.each(DOCS)('are there, with their options, in %s', (path) => {
    expect(quotedIn(read(path)).map(faultOf).filter(Boolean)).toEqual([]);
  });

  it('are there in what the service itself says', () => {
    const quotes = filesBelow('src', '.ts').flatMap((path) => quotedIn(read(path)));
    expect(quotes.length).toBeGreaterThan(10);
    expect(quotes.map(faultOf).filter(Boolean)).toEqual([]);
  });

  it('are all in the manual’s table, and no others', () => {
    const listed = commandsOfTable();
    expect(listed.map(faultOf).filter(Boolean)).toEqual([]);
    const missing = COMMANDS.filter(({ name }) => !listed.some((line) => `${line} `.startsWith(`${name} `)));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it.each(DOCS)('of npm are scripts of package.json in %s', (path) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const called = [...read(path).matchAll(/\bnpm run (?:-s |--silent )?([a-z][a-z:-]*)/g)];
    expect(called.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('pingui --help', () => {
  it.each([
    ['--help'],
    ['help'],
    ['backup', '--help'],
    ...COMMANDS.map(({ name }) => [...name.split(' '), '--help']),
  ])('%s %s %s is help, on standard output, with 0', async (...argv) => {
    const { code, stdout, stderr } = await callCommand(argv);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: pingui /);
  });

  it('tells of --json and of each command’s own help', async () => {
    const { stdout } = await callCommand(['--help']);
    expect(stdout).toContain('--json');
    expect(stdout).toContain('pingui <command> --help');
  });

  it.each(['doctr', '--frobnicate', 'integration list'])(
    'is named, not printed, after `%s`',
    async (line) => {
      const { code, stdout, stderr } = await callCommand(line.split(' '));
      expect([code, stdout]).toEqual([2, '']);
      // The error has to stay on a small screen.
      expect(stderr.split('\n').length).toBeLessThan(8);
      expect(stderr).toContain('`pingui --help` lists all commands');
    },
  );

  it.each(['chats', 'queue'])('of the group follows `%s` alone, on standard error, with 2', async (group) => {
    const { code, stdout, stderr } = await callCommand([group]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`Usage: pingui ${group}`);
  });
});
