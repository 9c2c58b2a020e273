import * as z from 'zod';

/** A list, or one text with commas. */
const listOf = (most: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value),
    z
      .array(
        z.string('Send strings.').min(1, 'Send no empty one.').max(255, 'Send at most 255 characters each.'),
        'Send a list of strings.',
      )
      .min(1, 'Send at least one.')
      .max(most, `Send at most ${most}.`),
  );

/** Names or patterns. */
export const FilterSchema = listOf(20).optional();

/** Signs deliveries. */
export const SecretSchema = z
  .string('Send a string.')
  .min(8, 'Send at least 8 characters.')
  .max(256, 'Send at most 256 characters.')
  .optional();

/** Unknown options are refused: a typing error must not leave a key without its secret. */
export const NO_OPTIONS = z.strictObject({});
