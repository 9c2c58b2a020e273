import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LINES } from '../../src/ops/log-events.ts';
import { ROOT, readSources } from './source-files.ts';

/** The call of a logger with its sentence: `log.warn({ … }, 'Sentence')`, however it is broken into lines. */
const CALL =
  /\b(?:log|logger)(?:\.child\('(\w+)'\))?\.(debug|info|warn|error|fatal)\(\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\w+),\s*(['"`])((?:(?!\3).)+)\3/gs;

/** The other two forms: a level that is found out, and the log of the private Redis. */
const OTHER_CALLS = [
  /\b(?:log|logger)\[(?<level>level)\]\(\s*\{[^{}]*\},\s*'(?<words>[^']+)'/g,
  /\blog\(\s*'(?<level>\w+)',\s*'(?<words>[^']+)'/g,
];

const sources = readSources();

const EVENTS = readFileSync(join(ROOT, 'src/domain/events.ts'), 'utf8');

/** Fields of a shared type, those of the type that it extends first. */
function sharedFields(type: string): string[] {
  const [, base, body = ''] =
    new RegExp(`^interface ${type}(?: extends (\\w+))? \\{\n(.*?)^\\}`, 'ms').exec(EVENTS) ?? [];
  const own = [...body.matchAll(/readonly (\w+)\??:/g)].map(([, name = '']) => name);
  return [...(base === undefined ? [] : sharedFields(base)), ...own];
}

/** Fields of an event's type, by name: what a line of it holds. */
function fieldsOf(event: string): string {
  const start = EVENTS.indexOf(`  '${event}':`);
  const end = EVENTS.slice(start + 1).search(/\n {2}(?:'|\/\*\*)|\n\}/);
  const type = EVENTS.slice(start, start + 1 + end);
  const own = [...type.matchAll(/readonly (\w+)\??:/g)].map(([, name = '']) => name);
  const shared = [...type.matchAll(/\b\w+Event\b/g)].flatMap(([name]) => sharedFields(name));
  const fields = [...new Set([...shared, ...own])];
  return fields.map((name) => `\`${name === 'chat' ? 'chatId' : name}\``).join(', ') || '–';
}

/** What a function answers is read from its text: the sentences are all literals. */
function wordsOf(value: unknown): string {
  return typeof value === 'function' ? 'depends' : String(value);
}

function eventTable(): string[] {
  return Object.entries(LINES).map(
    ([event, { component, level, message }]) =>
      `| \`${event}\` | ${component} | ${wordsOf(level)} | ${typeof message === 'function' ? 'depends on its kind' : message} | ${fieldsOf(event)} |`,
  );
}

function otherLines(): string[] {
  const found = sources.flatMap(({ path, code }) => [
    ...[...code.matchAll(CALL)].map(([, , level = '', , words = '']) => ({ path, level, words })),
    ...OTHER_CALLS.flatMap((form) =>
      [...code.matchAll(form)].map(({ groups }) => ({
        ...{ path, words: groups?.words ?? '' },
        level: groups?.level === 'level' ? 'depends' : (groups?.level ?? ''),
      })),
    ),
  ]);
  return [
    ...new Set(
      found.map(
        ({ path, level, words }) => `| ${words.replaceAll('|', '\\|')} | ${level} | \`src/${path}\` |`,
      ),
    ),
  ].sort();
}

it('documents every line of the log (npx vitest run tests/architecture/log-lines -u writes it anew)', async () => {
  const lines = [
    '# The lines of the log',
    '',
    'Made from the sources by `npx vitest run tests/architecture/log-lines -u`. What the fields mean: [logging](logging.md).',
    '',
    '## Events',
    '',
    '| event | component | level | message | fields |',
    '| --- | --- | --- | --- | --- |',
    ...eventTable(),
    '',
    '## Other lines',
    '',
    'Not listed: sentences about doubtful settings, of this service or of Redis, each of which says what to do; and how the bot',
    'gets its updates.',
    '',
    '| message | level | from |',
    '| --- | --- | --- |',
    ...otherLines(),
    '',
  ];
  expect(otherLines().length).toBeGreaterThan(25);
  await expect(lines.join('\n')).toMatchFileSnapshot('../../docs/log-lines.md');
});

it('no line of the log is put together from what somebody sent', () => {
  const built = sources.flatMap(({ path, code }) =>
    [...code.matchAll(CALL)]
      .filter(([, , , quote, words = '']) => quote === '`' && words.includes('${'))
      .map(() => path),
  );
  expect(built).toEqual([]);
});
