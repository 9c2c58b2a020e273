import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepSandboxPassword, secretOf } from '../../../src/app/secret.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pingui-secret-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the sandbox's signing key", () => {
  it('is long enough, for its owner only, and the same at the next start', async () => {
    const data = join(dir, 'data');
    const secret = await secretOf({ jwtSecret: undefined, dataDir: data });
    expect(Buffer.byteLength(secret)).toBeGreaterThanOrEqual(32);
    expect(statSync(join(data, 'jwt-secret')).mode & 0o777).toBe(0o600);
    expect(statSync(data).mode & 0o077).toBe(0);
    expect(await secretOf({ jwtSecret: undefined, dataDir: data })).toBe(secret);
  });

  it('has a password beside it, kept likewise', async () => {
    const password = await keepSandboxPassword(dir);
    expect(password).toMatch(/^[\w-]{12}$/);
    expect(statSync(join(dir, 'admin-password')).mode & 0o777).toBe(0o600);
    expect(await keepSandboxPassword(dir)).toBe(password);
    expect(await secretOf({ jwtSecret: undefined, dataDir: dir })).not.toContain(password);
  });

  it('is one and whole for 30 processes that start at once, and leaves nothing else behind', async () => {
    const secrets = await Promise.all(
      Array.from({ length: 30 }, () => secretOf({ jwtSecret: undefined, dataDir: dir })),
    );
    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]).toBe(readFileSync(join(dir, 'jwt-secret'), 'utf8').trim());
    expect(Buffer.byteLength(secrets[0] ?? '')).toBeGreaterThanOrEqual(32);
    expect(readdirSync(dir)).toEqual(['jwt-secret']);
  });
});
