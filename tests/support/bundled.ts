import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** What runs of the tests leave to later ones. Below node_modules, since the libraries of scripts are loaded from there. */
export const TESTS_CACHE = fileURLToPath(new URL('../../node_modules/.cache/pingui-tests/', import.meta.url));

/**
 * A script of the tests with all that it uses of ours in one file, for `fork`: a process that compiles each of them by itself
 * (`--import tsx`) needs 0.6 s more of processor time.
 */
export async function bundled(script: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(script)],
    bundle: true,
    write: false,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    sourcemap: 'inline',
    logLevel: 'warning',
    plugins: [
      {
        // A source finds the files beside it by its own address.
        name: 'addresses',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => ({
            loader: 'ts',
            contents: readFileSync(path, 'utf8').replaceAll(
              'import.meta.url',
              JSON.stringify(pathToFileURL(path).href),
            ),
          })),
      },
    ],
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  // Another run may be at it, too: what has this name has these contents, and all of them.
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 12);
  const path = join(TESTS_CACHE, `${basename(script.pathname, '.ts')}-${hash}.mjs`);
  mkdirSync(TESTS_CACHE, { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
  return path;
}
