// For `npx knex …`, which cannot load TypeScript on every version of Node that we support: the configuration is
// knexfile.ts, from the sources where they are, else from the build.
import { existsSync } from 'node:fs';

async function load() {
  if (!existsSync(new URL('knexfile.ts', import.meta.url))) return import('./dist/knexfile.js');
  const { register } = await import('tsx/esm/api');
  register();
  return import('./knexfile.ts');
}

export default (await load()).default;
