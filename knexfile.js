// For `npx knex …`, which cannot load TypeScript on every version of Node that we support: the configuration is
// knexfile.ts, from the sources where they are and can be run, else from the build.
import { existsSync } from 'node:fs';

async function load() {
  const tsx = existsSync(new URL('knexfile.ts', import.meta.url)) ? await loadTsx() : undefined;
  if (tsx === undefined) return import('./dist/knexfile.js');
  tsx.register();
  return import('./knexfile.ts');
}

/** It is for development alone: after `npm prune --omit=dev` there are sources, but no tsx. */
async function loadTsx() {
  try {
    return await import('tsx/esm/api');
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

export default (await load()).default;
