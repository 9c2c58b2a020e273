import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readSources } from './source-files.ts';

const LUA = join(ROOT, 'src/queue/lua');
const scripts = readdirSync(LUA).map((name) => ({ name, text: readFileSync(join(LUA, name), 'utf8') }));
const withoutComments = (text: string) => text.replace(/--\[\[[\s\S]*?\]\]/g, '').replace(/--.*$/gm, '');

describe('BullMQ is used by its public interface', () => {
  it('nothing is imported from inside its package', () => {
    const inside = readSources().flatMap(({ path, imports }) =>
      imports.filter(({ target }) => target.startsWith('bullmq/')).map(({ target }) => `${path}: ${target}`),
    );
    expect(inside).toEqual([]);
  });

  it('our scripts live in .lua files, each with its KEYS and ARGV described at the top', () => {
    expect(scripts.length).toBeGreaterThan(0);
    for (const { name, text } of scripts)
      expect(text, name).toMatch(/^--\[\[[\s\S]*\bKEYS\b[\s\S]*\bARGV\b[\s\S]*\]\]/);
    const inCode = readSources().filter(({ code }) => /redis\.call\('/.test(code));
    expect(inCode.map(({ path }) => path)).toEqual(['bot/updates/lease.ts']);
  });

  it('they name no key themselves: all come as KEYS, from keys.ts', () => {
    for (const { name, text } of scripts) {
      const keys = [...withoutComments(text).matchAll(/redis\.call\('[A-Z]+',\s*([^,)]+)/g)].map(
        ([, key]) => key,
      );
      expect(keys.length, name).toBeGreaterThan(0);
      expect(
        keys.filter((key) => /['"]|\.\./.test(key ?? '')),
        name,
      ).toEqual([]);
    }
  });
});
