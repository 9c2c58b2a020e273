import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { createMigrationSource } from '../../../../src/db/engine/migration-source.ts';

it('lists every migration of the folder, oldest first, without extension', async () => {
  const files = readdirSync(new URL('../../../../migrations', import.meta.url));
  const source = createMigrationSource();
  const listed = await source.getMigrations([]);
  expect(listed).toEqual(files.map((file) => basename(file, '.ts')).sort());
  for (const name of listed) {
    expect(source.getMigrationName(name)).toBe(name);
    expect(await source.getMigration(name)).toMatchObject({
      up: expect.any(Function),
      down: expect.any(Function),
    });
  }
});
