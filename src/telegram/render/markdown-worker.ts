import { parentPort } from 'node:worker_threads';
import { formatMarkdown } from './markdown.ts';
import type { StyledText } from './styled-text.ts';

/** The code of markdown-thread.ts' thread: answers each text with its styled form; with null where it is refused. */
parentPort?.on('message', (source: string) => parentPort?.postMessage(format(source)));
parentPort?.postMessage('ready');

function format(source: string): StyledText | null {
  try {
    return formatMarkdown(source);
  } catch {
    return null;
  }
}
