import { z } from 'zod';

const LONE_SURROGATE = /\p{Cs}/gu;
const CONTROL = /(?![\n\t])\p{Cc}/u;
const VISIBLE = /[^\s\p{C}\p{Z}\u{115F}\u{1160}\u{3164}\u{FFA0}]/u;

/** The text as Telegram can carry it: \r\n is a line break, half a surrogate pair (a cut emoji) becomes U+FFFD. */
function normalise(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(LONE_SURROGATE, '\uFFFD');
}

/** A text of at most `max` characters with something to see in it. */
export function text(max: number) {
  return z
    .string({
      error: ({ input }) =>
        input === undefined ? 'This field is required. Send a string.' : 'Send a string.',
    })
    .overwrite(normalise)
    .min(1, 'Send at least 1 character.')
    .max(max, `Send at most ${max} characters.`)
    .refine(
      (value) => !CONTROL.test(value),
      'Control characters other than \\n, \\t and \\r\\n are not allowed.',
    )
    .refine((value) => value === '' || VISIBLE.test(value), 'Send at least one visible character.');
}

/** One line of text. */
export function line(max: number) {
  return text(max).refine((value) => !/[\n\t]/.test(value), 'Send one line.');
}

/** null counts as left out: many clients send it for what they do not set. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const CHAT_ID = 'Send the chat id as a number or a string of digits, or leave it out.';

/** Telegram's chat ids have at most 52 bits; JSON clients send them as numbers or as strings. */
export const ChatIdSchema = z
  .union([z.number(), z.string().regex(/^-?\d{1,16}$/)], CHAT_ID)
  .transform(Number)
  .refine(Number.isSafeInteger, CHAT_ID);
