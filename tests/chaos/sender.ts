import { pause } from '../../src/async/pause.ts';
import type { ApiAnswer, ApiClient } from '../support/api-client.ts';
import type { Provisioned } from '../support/provision.ts';

/** One request of the sender's and what it was told. */
export interface Posted {
  /** In the alert's text, and in no other's. */
  readonly mark: string;
  readonly chatId: number;
  /** 0: there was no answer. */
  readonly status: number;
  /** The alert's id, after a 202. */
  readonly id: string | undefined;
  /** The problem's code, after a refusal. */
  readonly code: string | undefined;
  readonly tookMs: number;
  /** When the answer came, in epoch ms. */
  readonly at: number;
}

export interface PostOptions {
  /** Follows the mark in the text. */
  readonly pad?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For repeats; default: a new one. */
  readonly mark?: string;
}

export interface Sender {
  /** All requests that were answered, in the order of the answers. */
  readonly posted: readonly Posted[];
  /** Sends one alert; `extra` goes into the body. Never rejects. */
  post(to: Provisioned, extra?: object, options?: PostOptions): Promise<Posted>;
  /** For a Redis that has just come back: the service notices within a second. @throws Error after 5 s */
  postUntilAccepted(to: Provisioned, options?: PostOptions): Promise<Posted>;
  /** A mark that no alert has. */
  newMark(): string;
  /** Each chat's own loop posts one alert after the other, `everyMs` apart. The result stops it and waits for the last. */
  load(chats: readonly Provisioned[], everyMs: number): () => Promise<void>;
}

const MARK = /#(\d+)#/;

/** The mark in a message's text. */
export function markIn(text: unknown): string | undefined {
  return typeof text === 'string' ? MARK.exec(text)?.[1] : undefined;
}

export function createSender(api: () => ApiClient): Sender {
  const posted: Posted[] = [];
  let serial = 0;

  const newMark = (): string => {
    serial += 1;
    return String(serial);
  };

  const post: Sender['post'] = async (to, extra = {}, options = {}) => {
    const { pad = '', headers = {}, mark = newMark() } = options;
    const began = performance.now();
    const answer: ApiAnswer | undefined = await api()
      .postAlert(to.token, { message: `alert #${mark}#${pad}`, ...extra }, headers)
      .catch(() => undefined);
    const entry: Posted = {
      mark,
      chatId: to.chatId,
      status: answer?.status ?? 0,
      id: answer?.status === 202 ? (answer.body.id as string) : undefined,
      code: answer?.body?.code,
      tookMs: performance.now() - began,
      at: performance.timeOrigin + performance.now(),
    };
    posted.push(entry);
    return entry;
  };

  return {
    posted,
    post,
    async postUntilAccepted(to, options) {
      for (let tries = 0; tries < 50; tries += 1) {
        const answer = await post(to, {}, options);
        if (answer.id !== undefined) return answer;
        await pause(100);
      }
      throw new Error('no alert is accepted any more');
    },
    newMark,
    load(chats, everyMs) {
      let running = true;
      const loops = chats.map(async (chat, index) => {
        // Not all at once.
        await pause((everyMs * index) / chats.length);
        while (running) {
          const next = pause(everyMs);
          await post(chat);
          await next;
        }
      });
      return async () => {
        running = false;
        await Promise.all(loops);
      };
    },
  };
}
