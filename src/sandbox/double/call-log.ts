import { isUpload, readInteger } from './payload.ts';
import type { Payload } from './types.ts';

export interface Call {
  readonly method: string;
  /** Files are replaced by their name, type and size. */
  readonly payload: Payload;
  readonly chatId: number | undefined;
  /** Epoch milliseconds of arrival, with fractions, of a clock that does not go back. */
  readonly at: number;
  /** HTTP status of the answer; undefined while it is open, and forever where none was given. */
  status: number | undefined;
}

export interface CallLog {
  readonly calls: readonly Call[];
  add(method: string, payload: Payload, at: number): Call;
  clear(): void;
}

function withoutContents(payload: Payload): Payload {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [
      name,
      isUpload(value)
        ? { filename: value.filename, contentType: value.contentType, size: value.content.length }
        : value,
    ]),
  );
}

/** @param max the oldest calls beyond it are forgotten (in batches of a tenth) */
export function createCallLog(max: number): CallLog {
  const calls: Call[] = [];
  return {
    calls,
    add(method, payload, at) {
      const call: Call = {
        method,
        payload: withoutContents(payload),
        chatId: readInteger(payload, 'chat_id'),
        at,
        status: undefined,
      };
      calls.push(call);
      if (calls.length > max + Math.ceil(max / 10)) calls.splice(0, calls.length - max);
      return call;
    },
    clear() {
      calls.length = 0;
    },
  };
}
