import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Import {
  /** A path below src/, `../…` for our own files elsewhere, or a package. */
  readonly target: string;
  readonly isOurs: boolean;
  /** Gone after compilation: `import type`, or all names marked `type`. */
  readonly isType: boolean;
}

export interface SourceFile {
  /** Path below src/, with forward slashes. */
  readonly path: string;
  /** The text without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** All TypeScript files below src/. */
export function readSources(): SourceFile[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSource(path, readFileSync(join(ROOT, 'src', path), 'utf8')));
}

export function parseSource(path: string, text: string): SourceFile {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
  return { path, code, imports: [...findImports(path, code)] };
}

/** `import x from 'y'`, `export { x } from 'y'`, also over several lines. */
const FROM = /^(?:import|export)\s+(type\s+)?([^;'"]*?)\s*from\s*['"]([^'"]+)['"]/gm;
/** `import 'y'` and `import('y')`. */
const BARE = /\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

function* findImports(path: string, code: string): Generator<Import> {
  for (const [, type, names = '', target = ''] of code.matchAll(FROM)) {
    yield toImport(path, target, type !== undefined || hasOnlyTypes(names));
  }
  for (const [, target = ''] of code.matchAll(BARE)) yield toImport(path, target, false);
}

function hasOnlyTypes(names: string): boolean {
  const list = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1]?.split(',') ?? [];
  const named = list.map((name) => name.trim()).filter((name) => name !== '');
  return named.length > 0 && named.every((name) => name.startsWith('type '));
}

function toImport(path: string, target: string, isType: boolean): Import {
  const isOurs = target.startsWith('.');
  return { target: isOurs ? join(dirname(path), target).split(sep).join('/') : target, isOurs, isType };
}
