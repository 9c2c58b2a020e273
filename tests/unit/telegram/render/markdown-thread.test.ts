import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { RenderLimitError } from '../../../../src/domain/render-limit.ts';
import { formatMarkdown } from '../../../../src/telegram/render/markdown.ts';
import { createMarkdownThread } from '../../../../src/telegram/render/markdown-thread.ts';
import { createRenderer } from '../../../../src/telegram/render/renderer.ts';
import { joinParts } from '../message-rules.ts';

/** Takes seconds, on any machine. */
const SLOW = '1. '.repeat(5_000);
/** For texts that take longer on any machine. */
const SHORT_MS = 500;
/** For texts that take less on any machine. */
const LONG_MS = 20_000;

describe('markdown in a thread', () => {
  const thread = createMarkdownThread(LONG_MS);
  afterAll(thread.close);

  it('gives each of several texts at once its own result', async () => {
    const sources = ['**a**', '_b_', '`c` [d](https://e.f)'];
    expect(await Promise.all(sources.map(thread.format))).toEqual(sources.map(formatMarkdown));
  });

  it('refuses what takes too long, and goes on with the next text', async () => {
    const strict = createMarkdownThread(SHORT_MS);
    await expect(strict.format(SLOW)).rejects.toThrow(RenderLimitError);
    const next = () => strict.format('**a**').catch(() => 'refused');
    await expect.poll(next, { timeout: LONG_MS }).toEqual(formatMarkdown('**a**'));
    await strict.close();
  });

  it('refuses what is nested too deep as the parser does', async () => {
    await expect(thread.format('> '.repeat(65))).rejects.toThrow(RangeError);
  });

  it('gives up all texts when it is closed, also later ones', async () => {
    const closed = createMarkdownThread(LONG_MS);
    await closed.format('**a**');
    const texts = Promise.allSettled([SLOW, '**a**'].map(closed.format));
    await closed.close();
    const refused = { status: 'rejected', reason: expect.any(RenderLimitError) };
    expect(await texts).toEqual([refused, refused]);
    await expect(closed.format('**a**')).rejects.toThrow(RenderLimitError);
  });

  it('keeps no process alive', async () => {
    const { href } = new URL('../../../../src/telegram/render/markdown-thread.ts', import.meta.url);
    const code = `const { createMarkdownThread } = await import('${href}');
      process.stdout.write((await createMarkdownThread().format('**a**')).text);`;
    const args = ['--import=tsx', '--input-type=module', '-e', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    expect(stdout).toBe('a');
  });
});

describe('an alert whose markdown takes too long', () => {
  const { render, close } = createRenderer(SHORT_MS);
  afterAll(close);
  const content = { message: SLOW, title: '**T**', format: 'markdown' } as const;

  it('is refused in the full form alone', async () => {
    await expect(render(content, 0)).rejects.toThrow(RenderLimitError);
    expect(joinParts(await render(content, 1))).toBe(`**T**\n${SLOW}`);
    expect(await render(content, 2)).toHaveLength(1);
  });
});
