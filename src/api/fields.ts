import * as z from 'zod';
import { hasVisible, readable } from '../domain/readable-text.ts';

/** A text of at most `max` characters with something to see in it. */
export function text(max: number) {
  return z
    .string({
      error: ({ input }) =>
        input === undefined ? 'This field is required. Send a string.' : 'Send a string.',
    })
    .overwrite(readable)
    .max(max, `Send at most ${max} characters.`)
    .refine(hasVisible, 'Send at least one visible character.');
}

/** null counts as left out: many clients send it for what they do not set. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const CHAT_ID = 'Send the chat id as a number or a string of digits, or leave it out.';

/** A number by now (chatNumber). */
export const ChatIdSchema = z.number(CHAT_ID).refine(Number.isSafeInteger, CHAT_ID);
