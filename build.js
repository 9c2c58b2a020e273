// `npm run build`: dist/src/main.js, with the libraries in it. Node needs 1 ms for each file that it loads, and there are 2,000 of
// them: so a start takes half as long. Types are checked by `npm run typecheck`.
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build, transform } from 'esbuild';

const ENTRIES = ['src/main.ts', 'src/telegram/render/markdown-worker.ts', 'knexfile.ts'];
/** What is read as it is. */
const ASSETS = ['sandbox/page', 'api/home/page', 'api/openapi/page', 'admin/overview/page', 'queue/lua'];
/**
 * What stays in node_modules: native code, what finds its own files by its place, and iconv-lite's tables (0.5 MB), of which
 * hardly any is ever read.
 */
const EXTERNAL = ['sqlite3', 'msgpackr-extract', 'pg-native', '@bull-board/*', 'iconv-lite'];

/** Drivers of databases that knex knows, and we do not. */
const NEVER_LOADED = [
  'better-sqlite3',
  'mariadb',
  'mysql',
  'mysql2',
  'oracledb',
  'pg-query-stream',
  'tedious',
];

/**
 * Twice there, once needed: node-fetch uses Node's URL, cron-parser would bring a second luxon. Of BullMQ's ES modules only what
 * is used goes into the build: not its PostgreSQL backend.
 */
const ALIAS = {
  'whatwg-url': 'node:url',
  luxon: './node_modules/luxon/build/es6/luxon.mjs',
  bullmq: './node_modules/bullmq/dist/esm/index.js',
};

/** For the libraries that are CommonJS. */
const COMMONJS = `
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename, __dirname = import.meta.dirname;`;

/** A source finds the files beside it by its own address: in the build that is where it would be if it had a file there. */
const addresses = {
  name: 'addresses',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      if (/import\.meta(?!\.url)/.test(code))
        return { errors: [{ text: `${path}: only import.meta.url is known here` }] };
      const place = relative('src', path).replace(/\.ts$/, '.js');
      const address = `new URL(${JSON.stringify(`../src/${place}`)}, import.meta.url).href`;
      return { loader: 'ts', contents: code.replaceAll('import.meta.url', address) };
    }),
};

/**
 * Libraries without their comments, which Node would hold in memory (and with one character beyond Latin-1, two bytes for each
 * of the file), and with an empty source map: the logger reads those of a logged error (src/ops/source-frames.ts).
 */
const EMPTY_MAP = Buffer.from('{"version":3,"sources":[""],"mappings":"AAAA"}').toString('base64');
const libraries = {
  name: 'libraries',
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules.*\.[cm]?js$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path), {
        minifyWhitespace: true,
        legalComments: 'none',
      });
      return { contents: `${code}\n//# sourceMappingURL=data:application/json;base64,${EMPTY_MAP}` };
    }),
};

const { metafile } = await build({
  entryPoints: ENTRIES,
  outdir: 'dist',
  outbase: '.',
  // As deep as main.js, for the addresses.
  chunkNames: 'lib/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  sourcesContent: false,
  external: [...EXTERNAL, ...NEVER_LOADED],
  alias: ALIAS,
  banner: { js: COMMONJS },
  plugins: [addresses, libraries],
  metafile: true,
  logLevel: 'warning',
});
for (const folder of ASSETS) cpSync(join('src', folder), join('dist/src', folder), { recursive: true });

// What an earlier build left behind goes at the end: until then a service that runs may load it.
const fresh = [...Object.keys(metafile.outputs), ...ASSETS.map((folder) => join('dist/src', folder))];
for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (entry.isFile() && !fresh.some((path) => file === path || file.startsWith(`${path}/`))) rmSync(file);
}
