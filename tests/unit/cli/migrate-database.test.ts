import { expect, it } from 'vitest';
import { runMigrateDatabase } from '../../../src/cli/migrate-database.ts';

it.each([
  { argv: [] },
  { argv: ['--from', 'sqlite:a.db'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'sqlite:./a.db'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'mysql://secret'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'sqlite:b.db', '--force'] },
  { argv: ['sqlite:a.db', 'sqlite:b.db'] },
])('migrate-database answers 2 and its usage to $argv', async ({ argv }) => {
  const lines: string[] = [];
  const io = { log: () => {}, error: (line: string) => void lines.push(line) };
  expect(await runMigrateDatabase(argv, io)).toBe(2);
  expect(lines.join()).toContain('migrate-database --from URL --to URL');
  expect(lines.join()).not.toContain('secret');
});
