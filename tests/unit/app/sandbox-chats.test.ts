import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepSandboxChats } from '../../../src/app/sandbox-chats.ts';
import { createBotApiDouble } from '../../../src/sandbox/bot-api-double.ts';
import { addSandboxChats, SANDBOX_PRIVATE_CHAT } from '../../../src/sandbox/sandbox-chats.ts';
import { filesOf, findLeaks, textNeedle } from '../../support/leak-search.ts';

const SECRET = 'a signing key of the tests, long enough';
const YOU = SANDBOX_PRIVATE_CHAT.id;

let dataDir: string;
const warnings: string[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'pingui-chats-'));
  warnings.length = 0;
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** One run of the sandbox. */
async function live(secret = SECRET) {
  const double = createBotApiDouble();
  addSandboxChats(double);
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) };
  const kept = await keepSandboxChats(double, { dataDir, secret, log });
  return { double, stop: kept.stop, texts: () => double.messages(YOU).map(({ text }) => text) };
}

describe("the sandbox's chats", () => {
  it('are there again at the next start, sealed, and for their owner only', async () => {
    const first = await live();
    first.double.userSends(YOU, 'vexmarkerqzj');
    await first.stop();
    expect(readdirSync(dataDir)).toEqual(['sandbox-chats']);
    expect(statSync(join(dataDir, 'sandbox-chats')).mode & 0o777).toBe(0o600);
    expect(findLeaks([textNeedle('vexmarkerqzj')], filesOf(dataDir))).toEqual([]);
    const second = await live();
    expect(second.texts()).toEqual(['vexmarkerqzj']);
    await second.stop();
    expect(warnings).toEqual([]);
  });

  it('are written while the service runs: a crash loses half a second at most', async () => {
    const { double, stop } = await live();
    double.userSends(YOU, 'one');
    await vi.waitFor(() => expect(readdirSync(dataDir)).toEqual(['sandbox-chats']), { timeout: 5_000 });
    await vi.waitFor(async () => expect((await live()).texts()).toEqual(['one']), { timeout: 5_000 });
    await stop();
  });

  it('are bounded: the oldest messages go', async () => {
    const { double, stop } = await live();
    for (let n = 0; n < 400; n += 1) double.userSends(YOU, `${n} ${'x'.repeat(4_000)}`);
    await stop();
    expect(statSync(join(dataDir, 'sandbox-chats')).size).toBeLessThan(1.5 * 1024 * 1024);
    const { texts } = await live();
    expect(texts().length).toBeGreaterThan(200);
    expect(texts().at(-1)).toMatch(/^399 /);
  });

  it.each([
    ['another secret', async () => 'another signing key of the tests, as long'],
    [
      'a damaged file',
      async () => {
        writeFileSync(join(dataDir, 'sandbox-chats'), 'nonsense');
        return SECRET;
      },
    ],
  ])('start empty, with a warning, after %s', async (_name, change) => {
    const first = await live();
    first.double.userSends(YOU, 'one');
    await first.stop();
    const second = await live(await change());
    expect(second.texts()).toEqual([]);
    second.double.userSends(YOU, 'two');
    await second.stop();
    expect(warnings).toEqual([expect.stringContaining('JWT_SECRET')]);
  });
});
