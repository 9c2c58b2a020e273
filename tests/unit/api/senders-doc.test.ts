import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, startApi } from '../../support/api-fixture.ts';

const DOC = readFileSync(new URL('../../../docs/senders.md', import.meta.url), 'utf8');

/** The blocks to paste of a section, by its heading. */
function blocksOf(heading: string): string[] {
  const section = DOC.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
}

let fixture: ApiFixture;
let dir: string;
beforeAll(async () => {
  fixture = await startApi();
  dir = mkdtempSync(join(tmpdir(), 'pingui-doc-'));
  // Fails, as the example has it.
  writeFileSync(join(dir, 'Makefile'), 'backup:\n\techo "no space left on device"; false\n');
});
afterAll(async () => {
  await fixture.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function paste(block: string, more: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const { token } = fixture.grant({ rateLimit: 100 });
  const env = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', URL: fixture.url, TOKEN: token, ...more };
  const command = block.replace(/\bcurl /g, 'curl -sS ');
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { cwd: dir, env });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('docs/senders.md', () => {
  it.each(blocksOf('curl'))('has a block that works: %s', async (block) => {
    fixture.jobs.length = 0;
    const answer = await paste(block);
    expect(answer.warnings ?? []).toEqual([]);
    if (block.includes('dryRun')) {
      expect(answer).toMatchObject({ parts: [{ text: 'db1\ndisk full' }], cost: 1 });
      expect(fixture.jobs).toEqual([]);
      return;
    }
    expect(answer).toMatchObject({ status: 'queued' });
    const content = JSON.parse(Buffer.from(fixture.jobs[0]?.sealed ?? '', 'base64').toString());
    if (block.includes('Störung')) expect(content).toMatchObject({ title: 'Störung', tags: ['db', 'prod'] });
    if (block.includes('make')) expect(content.message).toContain('no space left on device');
    if (block.includes('df')) expect(content.message).toContain('\n');
  });

  it.each(blocksOf('Credentials'))('has a block that makes a key: %s', async (block) => {
    expect(await paste(block)).toMatchObject({
      adapter: 'grafana',
      url: expect.stringMatching(/^\/api\/in\//),
    });
  });

  it.each([
    ['Prometheus Alertmanager', 'alertmanager', 'DiskFull · db1:9100'],
    ['Grafana', 'grafana', 'CPU'],
    ['GitHub', 'github', 'test · octo-org/octo-repo'],
    ['Uptime Kuma', 'uptime-kuma', 'Shop is down'],
    ['Healthchecks', 'healthchecks', 'Nightly backup is down'],
    ['ntfy', 'ntfy', undefined],
    ['Gotify', 'gotify', 'Backup'],
  ] as const)('has blocks for %s that work', async (heading, adapter, title) => {
    const blocks = blocksOf(heading);
    expect(blocks).not.toEqual([]);
    for (const block of blocks) {
      fixture.grant();
      const { key, id } = await fixture.useCases.keys.make({ id: 1, chatId: 4242 }, { adapter });
      fixture.jobs.length = 0;
      await paste(block, { KEY: key });
      const content = JSON.parse(Buffer.from(fixture.jobs[0]?.sealed ?? '', 'base64').toString());
      if (title !== undefined) expect(content).toMatchObject({ title });
      else expect(content).toMatchObject({ message: 'Exit code 23' });
      await fixture.useCases.keys.revoke({ id: 1, chatId: 4242 }, id);
    }
  });

  it('has a template for any JSON, which works', async () => {
    const setup = /^```sh setup\n(KEY=.*?)^```/ms.exec(DOC)?.[1] ?? '';
    const [block = ''] = blocksOf('Any JSON');
    fixture.jobs.length = 0;
    await paste(`${setup}\n${block}`);
    const content = JSON.parse(Buffer.from(fixture.jobs[0]?.sealed ?? '', 'base64').toString());
    expect(content).toMatchObject({ title: 'shop', message: 'out of stock' });
  });

  it('is found on the first page of the README', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    expect(readme.split('\n').slice(0, 60).join('\n')).toContain('docs/senders.md');
  });
});
