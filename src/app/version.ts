import { readFileSync } from 'node:fs';

/** From the sources, and from the build. */
const PLACES = ['../../package.json', '../../../package.json'];

/** The service's version, as its package.json has it. */
export function readVersion(): string {
  for (const place of PLACES) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (isOurs(found)) return found.version;
    } catch {
      // It is at the other place.
    }
  }
  return 'unknown';
}

function isOurs(value: unknown): value is { name: string; version: string } {
  return typeof value === 'object' && value !== null && 'name' in value && value.name === 'pingui-alert';
}
