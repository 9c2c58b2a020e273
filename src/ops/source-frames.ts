import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

/** A place in the build: file, line, column. */
const PLACE = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g;

/**
 * Says of a stack's frames where they are in the sources. The build puts many sources into one file, with a map beside it
 * (build.js), which is read when the first error in it is logged: to have Node do it (`--enable-source-maps`) costs each start
 * 0.3 s, and 15 MB. What has no map stays as it is.
 */
export function createSourceFrames(): (frames: string) => string {
  const maps = new Map<string, SourceMap | undefined>();

  function mapOf(file: string): SourceMap | undefined {
    if (!maps.has(file)) maps.set(file, readMap(file));
    return maps.get(file);
  }

  return (frames) =>
    frames.replace(PLACE, (place, file: string, line: string, column: string) => {
      const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
      // A library's line has no entry: what is found then is the end of what stands before it.
      if (entry === undefined || !('originalSource' in entry) || entry.generatedLine !== Number(line) - 1)
        return place;
      const source = entry.originalSource.replace(/^(?:\.\.\/)+/, '');
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(`${file}.map`), 'utf8')));
  } catch {
    return undefined;
  }
}
