import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { startLimit } from '../../async/limit.ts';
import { RenderLimitError } from '../../domain/render-limit.ts';
import type { StyledText } from './styled-text.ts';

/** Longest that one text may take, in ms: five times what a report of 16,000 characters takes in a new thread. */
const MARKDOWN_LIMIT_MS = 2_000;
/** Longest that a thread may take to start, in ms. */
const START_LIMIT_MS = 10_000;
/**
 * The thread's heap is bounded; the default for short-lived objects, 48 MB, would be filled before anything is freed. The
 * options of the process's command line are not for the thread.
 */
const OPTIONS = {
  resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 },
  execArgv: [],
};
/**
 * Where we run from the sources, in development and tests, it makes one script of the thread's code: in Node 20 no
 * `--import tsx` reaches a thread (https://github.com/privatenumber/tsx/issues/354), and tsx's own API takes seven times as long.
 */
const BUNDLER = 'esbuild';

export interface MarkdownThread {
  /**
   * Parses one text at a time, in the order of the calls.
   * @throws RenderLimitError when it takes too long, or there is no thread for it
   * @throws RangeError as `formatMarkdown`
   */
  format(source: string): Promise<StyledText>;
  /** Ends the thread for good. */
  close(): Promise<void>;
}

/**
 * markdown.ts in a thread of its own, which the first text starts: nothing bounds the parser's time for every text, and
 * meanwhile the event loop sends all other alerts (docs/decisions/0006-markdown-in-a-thread.md). A text that is too slow
 * ends the thread, and the next one starts another. It keeps no process alive.
 * @param limitMs longest that one text may take
 */
export function createMarkdownThread(limitMs = MARKDOWN_LIMIT_MS): MarkdownThread {
  let thread: Worker | undefined;
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();
  let script: Promise<Script> | undefined;

  async function start(): Promise<Worker> {
    script ??= makeScript();
    const { code, isCode } = await script;
    if (isClosed) throw new Error('the renderer is closed');
    const worker = new Worker(code, { ...OPTIONS, eval: isCode });
    thread = worker;
    worker.unref();
    const forget = (): void => {
      if (thread === worker) thread = undefined;
    };
    // Without a listener an error would end the process; whoever waits for an answer hears of it, too.
    worker.on('error', forget);
    worker.on('exit', forget);
    await answerOf(worker, START_LIMIT_MS);
    return worker;
  }

  async function formatNow(source: string): Promise<StyledText> {
    const answer = await ask(source).catch(async (cause: unknown) => {
      await end();
      throw new RenderLimitError('markdown was not parsed in time', { cause });
    });
    if (answer === null) throw new RangeError('markdown is nested too deep, or would become too long');
    return answer;
  }

  async function ask(source: string): Promise<StyledText | null> {
    const worker = thread ?? (await start());
    worker.postMessage(source);
    return answerOf(worker, limitMs);
  }

  async function end(): Promise<void> {
    const ended = thread;
    thread = undefined;
    await ended?.terminate();
  }

  return {
    format(source) {
      const result = last.then(() => formatNow(source));
      last = result.catch(() => undefined);
      return result;
    },
    close() {
      isClosed = true;
      return end();
    },
  };
}

/** What the thread runs: a file, or its code. */
interface Script {
  readonly code: URL | string;
  readonly isCode: boolean;
}

/** What is used of it: installed in development alone, it is none of our dependencies. */
interface Bundler {
  build(options: {
    readonly entryPoints: readonly string[];
    readonly bundle: true;
    readonly platform: 'node';
    readonly write: false;
  }): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

async function makeScript(): Promise<Script> {
  // The build knows no other form (build.js).
  const url = import.meta.url;
  if (!url.endsWith('.ts')) return { code: new URL('./markdown-worker.js', url), isCode: false };
  const { build }: Bundler = await import(BUNDLER);
  const entryPoints = [fileURLToPath(new URL('./markdown-worker.ts', url))];
  const { outputFiles } = await build({ entryPoints, bundle: true, platform: 'node', write: false });
  return { code: outputFiles[0]?.text ?? '', isCode: true };
}

/** The thread's next message; throws when it ends before that, or needs longer. The timer keeps the process alive. */
async function answerOf<Answer>(worker: Worker, ms: number): Promise<Answer> {
  const waiting = new AbortController();
  const giveUp = (): void => waiting.abort();
  const cancel = startLimit(ms, giveUp);
  worker.once('exit', giveUp);
  try {
    const [answer] = await once(worker, 'message', { signal: waiting.signal });
    return answer;
  } finally {
    cancel();
    worker.off('exit', giveUp);
  }
}
