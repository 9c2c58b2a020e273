import fc from 'fast-check';

const SURROGATES = 0x800;

/**
 * The unit of a text of any code points, lone surrogates apart. For fast-check's own `unit: 'binary'` each process that asks for it
 * makes a table of all 1.1 million: 1.7 s of processor time and 120 MB.
 */
export const codePoint: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10_ffff - SURROGATES })
  .map((nth) => String.fromCodePoint(nth < 0xd800 ? nth : nth + SURROGATES));
