import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ADAPTER_NAMES, ADAPTERS } from '../../../src/ingest/adapters.ts';

/** What a tool really sends, and what it becomes; `-u` rewrites the latter. */
const ROOT = new URL('../../../src/ingest', import.meta.url).pathname;

interface Fixture {
  /** Where it comes from. */
  readonly source: string;
  readonly body?: unknown;
  /** Where it is not the body's JSON. */
  readonly text?: string;
  readonly headers?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly options?: Record<string, never>;
}

const all = ADAPTER_NAMES.flatMap((adapter) => {
  const dir = join(ROOT, adapter, 'fixtures');
  const files = existsSync(dir) ? readdirSync(dir) : [];
  const names = files.filter((file) => file.endsWith('.json') && !file.endsWith('.alerts.json'));
  return names.map((file) => ({
    ...{ adapter, name: file.replace(/\.json$/, ''), dir },
    fixture: JSON.parse(readFileSync(join(dir, file), 'utf8')) as Fixture,
  }));
});

describe('what a tool sends becomes what people read', () => {
  it.each(ADAPTER_NAMES)('of %s there are fixtures', (name) => {
    expect(all.filter(({ adapter }) => adapter === name).length).toBeGreaterThan(2);
  });

  it.each(all.map((one) => [one.adapter, one.name, one] as const))('%s: %s', async (_, __, one) => {
    const { body, headers = {}, query = {}, options = {}, source } = one.fixture;
    const text = one.fixture.text ?? (typeof body === 'string' ? body : JSON.stringify(body ?? ''));
    expect(source).toMatch(/\w/);
    const reading = ADAPTERS[one.adapter].read({ body, text, headers, query, options });
    const written = `${JSON.stringify(reading, null, 2)}\n`;
    await expect(written).toMatchFileSnapshot(join(one.dir, `${one.name}.alerts.json`));
  });
});
