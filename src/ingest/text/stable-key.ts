import { createHash } from 'node:crypto';

/** A key of at most 255 characters that is the same for the same parts, and another for any others. */
export function stableKey(adapter: string, ...parts: readonly unknown[]): string {
  return `${adapter}:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}
