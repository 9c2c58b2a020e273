import {
  type AlertContent,
  type AlertOutcome,
  type AlertRecord,
  linkLine,
  linksOf,
} from '../../domain/alert.ts';
import type { Integration } from '../../domain/integration.ts';
import type { AlertJob, MessageForm } from '../ports/queue.ts';
import type { PressButton, RenderedPart, RenderRest, SendRequest } from '../ports/telegram.ts';

export const FULL_FORM: MessageForm = { simplicity: 0, withoutTopic: false };

/** An alert that may be sent, as the database has it. */
export interface Sendable {
  readonly job: AlertJob;
  readonly record: AlertRecord;
  readonly integration: Integration;
}

/** One call to Telegram: one part of an alert in one form. */
export interface Attempt extends Sendable {
  readonly form: MessageForm;
  /** Which part, from 0, of how many. */
  readonly index: number;
  readonly parts: number;
  /** It goes as a document. */
  readonly isFile: boolean;
  /** A chat was told to wait (429) since the last delivery. */
  readonly isFlooded: boolean;
  /** Buttons that the bot is told of. */
  readonly keys: readonly PressButton[];
}

/** What follows a step: another one (in this form), or the end of the delivery. */
export type Step =
  | { readonly kind: 'again'; readonly form: MessageForm }
  | { readonly kind: 'ended'; readonly outcome: AlertOutcome }
  /** Put it off for `ms`, 0: others that are as urgent go first. No attempt was used. */
  | { readonly kind: 'defer'; readonly ms: number };

/** What observers know an alert by. */
export function idsOf({
  alertId,
  integrationId,
  chat,
}: AlertJob): Pick<AlertJob, 'alertId' | 'integrationId' | 'chat'> {
  return { alertId, integrationId, chat };
}

/** The same, of an alert that has ended. */
export function endedIdsOf({ job, record }: Pick<Sendable, 'job' | 'record'>) {
  return { ...idsOf(job), ...(record.notice ? { isNotice: true as const } : {}) };
}

export function toRequest(attempt: Attempt, content: AlertContent, part: RenderedPart): SendRequest {
  const { record, form, integration, index, parts } = attempt;
  const isPlain = form.simplicity > 0 || form.rest !== undefined;
  const isLast = index === parts - 1;
  // The last resort goes without them: they may be what Telegram refused.
  const hasKeys = isLast && form.simplicity < 2 && form.rest?.as !== 'file';
  return {
    chatId: integration.chatId,
    part,
    silent: record.silent || record.priority === 'low',
    threadId: form.withoutTopic ? null : record.threadId,
    links: isLast && !isPlain ? linksOf(content) : [],
    ...(hasKeys && attempt.keys.length > 0 ? { keys: attempt.keys } : {}),
    ...(record.replyTo === null ? {} : { replyTo: record.replyTo }),
  };
}

/** The simpler forms carry the links in the text: their buttons may be what Telegram refused. */
export function contentIn(form: MessageForm, content: AlertContent): AlertContent {
  const { url, urlTitle, moreLinks, ...rest } = content;
  const addresses = addressesOf(content);
  if (form.simplicity === 0 || addresses === null) return content;
  return { ...rest, message: `${content.message}\n${addresses}` };
}

/** The parts in this form; those that have arrived stay as they were. */
export function partsIn(
  { simplicity, rest }: MessageForm,
  text: { readonly content: AlertContent; readonly parts: readonly RenderedPart[] },
  renderRest: RenderRest,
): readonly RenderedPart[] {
  if (rest === undefined) return text.parts;
  const { from, as } = rest;
  const addresses = simplicity === 0 ? addressesOf(text.content) : null;
  return [...text.parts.slice(0, from), ...renderRest(text.parts.slice(from), as, addresses)];
}

function addressesOf(content: AlertContent): string | null {
  return linksOf(content).map(linkLine).join('\n') || null;
}

/** @param endedAt epoch ms */
export function outcomeOf(
  record: AlertRecord,
  end: {
    readonly status: AlertOutcome['status'];
    readonly reason: string | null;
    readonly endedAt: number;
    readonly parts?: number;
    readonly messageId?: number;
  },
): AlertOutcome {
  const messageIds = end.messageId === undefined ? record.messageIds : [...record.messageIds, end.messageId];
  return {
    status: end.status,
    parts: end.parts ?? record.parts,
    ...(messageIds.length === 0 ? {} : { messageIds }),
    ...(end.reason === null ? {} : { reason: end.reason }),
    tookMs: Math.max(0, end.endedAt - Math.max(record.createdAt, record.deliverAt ?? 0)),
  };
}
