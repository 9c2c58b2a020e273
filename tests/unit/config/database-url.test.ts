import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';

it('reads both kinds of database URL', () => {
  expect(parseDatabaseUrl('sqlite:data/x.db')).toEqual({ dialect: 'sqlite', file: resolve('data/x.db') });
  expect(parseDatabaseUrl('sqlite:/x.db')).toEqual({ dialect: 'sqlite', file: '/x.db' });
  for (const url of ['postgres://u:p@host/db', 'postgresql://host/db?sslmode=require']) {
    expect(parseDatabaseUrl(url)).toEqual({ dialect: 'postgres', url });
  }
});

it.each(['', 'sqlite:', 'x.db', 'mysql://u:secret@host/db', 'sqlite::memory:'])(
  'refuses %j without repeating it',
  (url) => {
    expect(() => parseDatabaseUrl(url)).toThrow(/sqlite:<file path>/);
    expect(() => parseDatabaseUrl(url)).not.toThrow(/secret/);
  },
);
