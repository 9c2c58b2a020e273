import { expect, it } from 'vitest';
import { callCommand } from '../../support/call-command.ts';

it.each([
  { argv: [] },
  { argv: ['--from', 'sqlite:a.db'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'sqlite:./a.db'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'mysql://secret'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'sqlite:b.db', '--force'] },
  { argv: ['sqlite:a.db', 'sqlite:b.db'] },
])('migrate-database answers 2 and its usage to $argv', async ({ argv }) => {
  const { code, stdout, stderr } = await callCommand(['migrate-database', ...argv]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/Usage: pingui migrate-database[\s\S]*--from <url>[\s\S]*--to <url>/);
  expect(stderr).not.toContain('secret');
});
