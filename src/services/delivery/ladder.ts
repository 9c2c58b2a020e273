import type { MessageForm } from '../ports/queue.ts';
import type { Attempt } from './attempt.ts';

/**
 * The form to try after Telegram has refused this one; undefined where there is no plainer one. A refusal means that
 * nothing arrived, so each of them is safe to send, and costs a send.
 *
 * Before a part has arrived: plain text without button, then without the topic, then as the other kind of message: a file
 * where that was text, text where it was a file. After that the cut stays, and what is left becomes plain, then a file.
 */
export function simplerForm({
  form,
  record,
  index,
  isFile,
}: Pick<Attempt, 'form' | 'record' | 'index' | 'isFile'>): MessageForm | undefined {
  const { simplicity, rest } = form;
  const isBegun = index > 0;
  if (simplicity === 0 && rest === undefined) {
    return isBegun ? { ...form, rest: { from: index, as: 'plain' } } : { ...form, simplicity: 1 };
  }
  if (record.threadId !== null && !form.withoutTopic) return { ...form, withoutTopic: true };
  if (isBegun) return rest?.as === 'file' ? undefined : { ...form, rest: { from: index, as: 'file' } };
  return simplicity === 1 ? { ...form, simplicity: isFile ? 3 : 2 } : undefined;
}
